// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace lambent::collector {

// What becomes of a batch by its number. A value.
struct SequenceVerdict {
  enum class Kind { kNext, kDuplicate, kRefused };
  Kind kind = Kind::kNext;
  std::string reason;  // for people, when refused
};

// Whether a sequence was handled before: it is acknowledged again, unread.
constexpr bool IsDuplicate(uint64_t durable, uint64_t sequence) { return sequence <= durable; }

// Decides on a batch that was read. `durable`: the highest sequence handled. `broken`: a batch of
// the current epoch was refused, so indices of that epoch mean nothing any more. A batch that
// starts an epoch depends on none before it, so it may follow a gap. Pure.
SequenceVerdict JudgeSequence(uint64_t durable, bool broken, uint64_t sequence, bool starts_epoch);

}  // namespace lambent::collector
