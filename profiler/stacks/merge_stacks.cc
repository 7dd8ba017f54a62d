// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/merge_stacks.h"

#include <algorithm>

namespace lambent {

bool MergeStacks(const std::vector<NativeFrame>& native,
                 const std::vector<InterpretedFrame>& interpreted, Stack* merged) {
  const auto runs =
      std::count_if(native.begin(), native.end(), [](const NativeFrame& f) { return f.loop; });
  const auto entries = std::count_if(interpreted.begin(), interpreted.end(),
                                     [](const InterpretedFrame& f) { return f.entry; });
  if (runs == 0 || runs != entries || !interpreted.back().entry) return false;
  merged->clear();
  size_t next = 0;
  for (const NativeFrame& here : native) {
    if (next == interpreted.size()) break;
    if (!here.loop) {
      merged->push_back(here.frame);
      continue;
    }
    bool entry = false;
    while (!entry) {
      merged->push_back(interpreted[next].frame);
      entry = interpreted[next++].entry;
    }
  }
  LimitDepth(merged);
  return true;
}

}  // namespace lambent
