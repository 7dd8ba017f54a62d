// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "profiler/unwind/frame_rule.h"

namespace lambent {

// Rules as compilers write them for x86-64, in full.

// CFA = base + offset.
inline FrameRule RuleFrom(size_t base, int32_t offset) {
  FrameRule rule;
  rule.kind = FrameRule::Kind::kStep;
  rule.base = static_cast<uint8_t>(base);
  rule.offset = offset;
  rule.return_offset = -8;
  return rule;
}

inline void AddSaved(FrameRule* rule, size_t reg, int16_t slot) {
  rule->saved[rule->saved_count++] = {static_cast<uint8_t>(reg), 0, slot};
  rule->saved_mask |= uint32_t{1} << reg;
}

// CFA = sp + offset; the frame pointer is saved in `slot` from there, 0: nowhere.
inline FrameRule SpRule(int32_t offset, int16_t fp_slot = 0) {
  FrameRule rule = RuleFrom(os::Registers::kSp, offset);
  if (fp_slot != 0) AddSaved(&rule, os::Registers::kFp, fp_slot);
  return rule;
}

// Of a function that has set up a frame pointer.
inline FrameRule FpRule(int32_t offset = 16, int16_t fp_slot = -2) {
  FrameRule rule = RuleFrom(os::Registers::kFp, offset);
  if (fp_slot != 0) AddSaved(&rule, os::Registers::kFp, fp_slot);
  return rule;
}

inline FrameRule RootRule() {
  FrameRule rule;
  rule.kind = FrameRule::Kind::kRoot;
  return rule;
}

}  // namespace lambent
