// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/short_rule.h"

#include <cstddef>

#include "profiler/os/thread_control.h"
#include "profiler/unwind/machine.h"

namespace lambent {
namespace {

// Whether the frame pointer's place is one that ShortRule can say, and how many words it is below
// the CFA; 1: the frame pointer has not been saved.
bool FindSavedFp(const FrameRule& rule, uint64_t* words) {
  *words = 1;
  for (size_t i = 0; i < rule.saved_count; ++i) {
    const FrameRule::Saved& saved = rule.saved[i];
    if (saved.reg != os::Registers::kFp) continue;
    const int below = -saved.slot;
    if (saved.from_base != 0 || below < 2 || below > int{ShortRule::kMaxSavedWords}) return false;
    *words = static_cast<uint64_t>(below);
  }
  return true;
}

}  // namespace

ShortRule MakeShortRule(const FrameRule& rule) {
  // Elsewhere return addresses are in a register or anywhere, and may be signed.
  if (!kReturnOnStack) return {};
  if (rule.kind == FrameRule::Kind::kRoot) return ShortRule::Root();
  uint64_t saved_words = 0;
  if (rule.kind != FrameRule::Kind::kStep || rule.is_indirect != 0 || rule.is_signal != 0 ||
      rule.return_in_link != 0 || rule.return_offset != -8 || !FindSavedFp(rule, &saved_words)) {
    return {};
  }
  if (rule.base == os::Registers::kFp && rule.offset == 16 && saved_words == 2) {
    return ShortRule::Frame();
  }
  const int32_t words = rule.offset / 8;
  if (rule.base == os::Registers::kSp && rule.offset % 8 == 0 && words > 0 &&
      words <= int{ShortRule::kMaxCfaWords}) {
    return ShortRule::Sp(static_cast<uint64_t>(words), saved_words);
  }
  return {};
}

}  // namespace lambent
