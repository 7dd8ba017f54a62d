// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "profiler/base/string_table.h"

namespace lambent {

// Threads by number, from 1, in order of first appearance. A thread that changes its name becomes
// another entry. Bounded. Thread-compatible.
class ThreadTable {
 public:
  static constexpr uint32_t kMaxThreads = 16'384;
  struct Thread {
    int32_t pid = 0;
    int32_t tid = 0;
    StringId name{};
  };

  ThreadTable() { Clear(); }

  // 0 when there is no room.
  uint32_t Intern(int32_t pid, int32_t tid, StringId name) {
    uint32_t& known = current_[{pid, tid}];
    if (known != 0 && threads_[known].name == name) return known;
    if (threads_.size() >= kMaxThreads) return known = 0;
    threads_.push_back({pid, tid, name});
    return known = static_cast<uint32_t>(threads_.size() - 1);
  }

  // Entries stay; what is interned from now on never meets them (name ids of another process).
  void ForgetKeys() {
    current_.clear();
    first_known_ = static_cast<uint32_t>(threads_.size());
  }
  // Entries from this one on were interned since the last ForgetKeys.
  uint32_t first_known() const { return first_known_; }

  void Clear() {
    threads_.assign(1, Thread{});
    ForgetKeys();
  }

  const std::vector<Thread>& threads() const { return threads_; }

 private:
  std::vector<Thread> threads_;
  absl::flat_hash_map<std::pair<int32_t, int32_t>, uint32_t> current_;  // by pid and tid
  uint32_t first_known_ = 1;
};

}  // namespace lambent
