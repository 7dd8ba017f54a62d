// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/process_family.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace lambent {

void ProcessFamily::Refresh(std::vector<int32_t>* born) {
  if (proc_.ListProcesses(&pids_) != os::ReadResult::kOk) return;
  // An id that has ended may come again as somebody else's.
  absl::erase_if(known_, [this](const auto& entry) {
    return !std::binary_search(pids_.begin(), pids_.end(), entry.first);
  });
  std::vector<std::pair<int32_t, int32_t>> unseen;  // id and parent
  for (const int32_t pid : pids_) {
    if (known_.contains(pid)) continue;
    os::ProcessStat stat;
    if (proc_.OpenProcess(pid)->ReadStat(&stat) != os::ReadResult::kOk) continue;
    unseen.emplace_back(pid, stat.parent);
  }
  // A parent may have the higher number, when numbers start again: until nobody is added.
  const int32_t own = proc_.SelfPid();
  for (bool added = true; added;) {
    added = false;
    for (auto& [pid, parent] : unseen) {
      if (pid == 0) continue;
      const auto kin = known_.find(parent);
      const bool member =
          pid == root_ || parent == own || (kin != known_.end() && kin->second == Kin::kMember);
      if (!member) continue;
      known_[pid] = Kin::kMember;
      if (pid != root_) born->push_back(pid);
      pid = 0;
      added = true;
    }
  }
  for (const auto& [pid, parent] : unseen) {
    if (pid != 0) known_[pid] = Kin::kStranger;
  }
}

}  // namespace lambent
