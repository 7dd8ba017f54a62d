// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "profiler/unwind/rule_finder.h"

namespace lambent {

// How to get from one instruction's frame to its caller's, in the form that is kept: one cache line
// that says what compilers write for nearly all code. What it cannot say is found and evaluated
// again at each step (kEvaluate). A value; all bytes count for equality.
struct FrameRule {
  enum class Kind : uint8_t {
    kStep,          // by the members below
    kRoot,          // nobody calls this function
    kEvaluate,      // rules beyond this form
    kFramePointer,  // no rules: the frame pointer is all there is to go by
    kTrampoline,    // the kernel's signal frame, without rules that say so
    kBadRules,      // rules that were not understood: there is nothing to go by
  };
  struct Saved {
    uint8_t reg = 0;
    uint8_t from_base = 0;  // 0: slot counts from the CFA; 1: from the CFA's base register
    int16_t slot = 0;       // in words
    friend bool operator==(const Saved&, const Saved&) = default;
  };
  static constexpr size_t kMaxSaved = 11;  // x19 to x29

  Kind kind = Kind::kFramePointer;
  uint8_t base = 0;            // CFA = base + offset, or with is_indirect:
  uint8_t is_indirect : 1;     // CFA = *(base + offset) + add
  uint8_t is_signal : 1;       // the caller was interrupted, not calling
  uint8_t return_in_link : 1;  // the return address is in the link register
  uint8_t follows_call : 1;    // there is a call at this address, as far as one can look
  uint8_t in_module : 1;       // code of a file, not generated
  uint8_t saved_count = 0;
  int32_t offset = 0;
  int32_t add = 0;
  int32_t return_offset = 0;  // where the return address is, from the CFA
  uint32_t saved_mask = 0;    // bit i: register i is among `saved`
  std::array<Saved, kMaxSaved> saved;

  FrameRule() : is_indirect(0), is_signal(0), return_in_link(0), follows_call(0), in_module(0) {}
  friend bool operator==(const FrameRule& a, const FrameRule& b) = default;
};
static_assert(sizeof(FrameRule) == 64);

// The rule that says what `found` says. A pure function.
FrameRule MakeFrameRule(const FoundRules& found);

}  // namespace lambent
