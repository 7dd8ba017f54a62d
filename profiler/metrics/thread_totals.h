// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "profiler/os/process_files.h"

namespace lambent {

// Counters the kernel keeps for each thread only, summed over the threads of a process. What a
// thread had when it was last seen stays in the sums after it has ended, so they never fall. (What
// it used between then and its end is not seen by anybody.) Confined to the sampler thread.
class ThreadTotals {
 public:
  // Threads looked at; those beyond (the newest) are left out.
  static constexpr size_t kMaxThreads = 256;

  // `process` must outlive this.
  explicit ThreadTotals(os::ProcessFiles& process) : process_(process) {}

  // Adds what was used since the last call; `with_switches`: context switches too, which are
  // dearer, and the list of threads is read again even when there are as many as before.
  os::ReadResult Update(bool with_switches);

  uint64_t run_queue_wait_ns() const { return wait_ns_; }
  uint64_t voluntary_switches() const { return switches_.voluntary; }
  uint64_t involuntary_switches() const { return switches_.involuntary; }

 private:
  struct Thread {
    std::unique_ptr<os::ThreadFiles> files;
    uint64_t wait_ns = 0;
    os::ThreadSwitches switches;
    uint64_t round = 0;
  };
  void Add(Thread* thread, bool with_switches);

  os::ProcessFiles& process_;
  std::vector<int32_t> tids_;
  size_t listed_ = 0;  // how many there were, those beyond the limit too
  absl::flat_hash_map<int32_t, Thread> threads_;
  uint64_t round_ = 0;
  uint64_t wait_ns_ = 0;
  os::ThreadSwitches switches_;
};

}  // namespace lambent
