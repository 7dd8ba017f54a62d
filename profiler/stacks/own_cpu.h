// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "profiler/os/affinity.h"
#include "profiler/stacks/observed_thread.h"

namespace lambent {

// How following a thread to its CPU ended.
enum class Follow : uint8_t {
  kHere,       // it is on this CPU, where we run: so it does not
  kElsewhere,  // it is on a CPU we may not use, or moved on each time
  kGone,
};

// The sampler's own CPU, which is that of the thread it looks at. Confined to the sampler thread.
class OwnCpu {
 public:
  // `affinity` must outlive this.
  explicit OwnCpu(os::Affinity& affinity) : affinity_(affinity) {}

  // Moves the sampler to the CPU `thread` last ran on. After kHere the thread was off the CPU at a
  // moment after `thread.schedule` was read; a later reading that is WasNotScheduled() proves that
  // it has not run since.
  Follow FollowTo(ObservedThread& thread);

  // The CPU the sampler is bound to and runs on; -1: none.
  int Here() const { return affinity_.CurrentCpu() == bound_ ? bound_ : -1; }

 private:
  os::Affinity& affinity_;
  int bound_ = -1;
};

}  // namespace lambent
