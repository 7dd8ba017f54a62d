// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/drop_rows.h"

#include <cstdint>

#include "absl/status/statusor.h"

namespace lambent::collector {

absl::Status AddDropRows(Statement& rows, DropCounts& drops) {
  for (;;) {
    const absl::StatusOr<bool> more = rows.Next();
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    const int64_t reason = rows.Int(0);
    if (reason < 0 || reason >= kDropReasonCount) continue;
    drops.Add(static_cast<DropReason>(reason), static_cast<uint64_t>(rows.Int(1)));
  }
}

}  // namespace lambent::collector
