// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/symbol_table.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "collector/receive/limits.h"
#include "collector/receive/symbol_part.h"

namespace lambent::collector {

absl::Status SymbolTableAssembly::Add(const v1::SymbolTable& part) {
  if (complete_ || part.part() != table_.parts.size() || part.build_id() != table_.build_id) {
    return absl::InvalidArgumentError(
        absl::StrCat("symbols: part ", part.part(), " where ", table_.parts.size(), " was due"));
  }
  bytes_ += part.content().size();
  content_bytes_ += part.content_bytes();
  if (bytes_ > kMaxSymbolTableBytes || content_bytes_ > kMaxSymbolTableContentBytes ||
      table_.parts.size() >= kMaxSymbolTableParts) {
    return absl::InvalidArgumentError("symbols: the table is too large");
  }
  const uint64_t base = table_.parts.empty() ? 0 : table_.parts.back().end;
  const absl::StatusOr<SymbolPart> decoded =
      SymbolPart::Decode(part.content(), part.content_bytes(), base);
  if (!decoded.ok()) return decoded.status();
  // Parts that say nothing could come without end.
  if (decoded->size() == 0) return absl::InvalidArgumentError("symbols: an empty part");
  table_.parts.push_back({base, decoded->end(), part.content_bytes(), part.content()});
  complete_ = part.last();
  return absl::OkStatus();
}

}  // namespace lambent::collector
