// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/sequence_check.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace lambent::collector {

SequenceVerdict JudgeSequence(uint64_t durable, bool broken, uint64_t sequence, bool starts_epoch) {
  using Kind = SequenceVerdict::Kind;
  if (IsDuplicate(durable, sequence)) return {Kind::kDuplicate, ""};
  if (starts_epoch) return {Kind::kNext, ""};
  if (broken) {
    return {Kind::kRefused,
            "an earlier batch of this dictionary_epoch was refused; start a new one"};
  }
  if (sequence != durable + 1) {
    return {Kind::kRefused,
            absl::StrCat("sequence ", sequence, " after ", durable, " in one dictionary_epoch")};
  }
  return {Kind::kNext, ""};
}

}  // namespace lambent::collector
