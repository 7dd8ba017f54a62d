// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "profiler/unwind/rule_cache.h"
#include "profiler/unwind/stack_copy.h"

namespace lambent {

// What is looked up for the caller of a thread's first function: a return address of zero.
inline constexpr uint64_t kNoCaller = ~uint64_t{0};

// Where a climb stands: the address of a frame as it is looked up, and two of its registers.
struct ClimbPoint {
  uint64_t at = 0;
  uint64_t sp = 0;
  uint64_t fp = 0;  // not known: any address outside the copy
};

// Climbs from frame to caller as long as a short rule in `rules` and the copied bytes are all it
// takes, which for most stacks is all the way, to kNoCaller. Appends the frames it left to `pcs`,
// until that has `max_depth`. Stops before a step that could fail, or whose caller lies no higher:
// that is for the whole rule to judge, and for somebody who follows all registers.
void ClimbByShortRules(const RuleCache& rules, const StackCopy& stack, size_t max_depth,
                       ClimbPoint* point, std::vector<uint64_t>* pcs);

}  // namespace lambent
