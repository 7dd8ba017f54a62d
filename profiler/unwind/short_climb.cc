// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/short_climb.h"

namespace lambent {

// 3 ns a frame where steps by whole rules take 10: those wait for return address, slot, rule,
// register and stack one after the other. Here the slot is the rule; and where it is that of a
// frame pointer no load waits for it at all, for the branch on it is predicted. Stack addresses are
// offsets in the copy throughout.
void ClimbByShortRules(const RuleCache& rules, const StackCopy& stack, size_t max_depth,
                       ClimbPoint* point, std::vector<uint64_t>* pcs) {
  const StackCopy copy = stack;  // in registers: nothing written below can change it
  uint64_t at = point->at;
  uint64_t sp = point->sp - copy.from;
  uint64_t fp = point->fp - copy.from;
  while (pcs->size() < max_depth) {
    const ShortRule rule = rules.FindShort(at);
    uint64_t cfa = 0;
    uint64_t saved = 0;  // where the caller's frame pointer is
    bool is_saved = true;
    if (rule.IsFrame()) {
      cfa = fp + 16;
      saved = fp;
    } else if (rule.IsSp()) {
      cfa = sp + rule.CfaFromSp();
      saved = cfa - rule.SavedFromCfa();
      is_saved = rule.SavesFp();
    } else {
      if (rule.IsRoot()) {
        pcs->push_back(at);
        at = kNoCaller;
      }
      break;
    }
    if (cfa <= sp || !copy.HasWord(cfa - 8)) break;
    if (is_saved && !copy.HasWord(saved)) break;
    pcs->push_back(at);
    at = copy.Word(cfa - 8) - 1;
    sp = cfa;
    if (is_saved) fp = copy.Word(saved) - copy.from;
  }
  *point = {at, sp + copy.from, fp + copy.from};
}

}  // namespace lambent
