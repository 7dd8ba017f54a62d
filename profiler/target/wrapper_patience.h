// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "profiler/target/runtime_finder.h"

namespace lambent {

// How long to wait for what a shell is about to run before the shell itself counts as the runtime.
// A bootstrap script either calls exec (same pid, another exe) or starts the runtime as its child;
// both are seen by the next RuntimeFinder::Find(). Attached to at once, such a shell would be what
// is sampled for as long as it waits for its child. Pure; thread-compatible.
class WrapperPatience {
 public:
  static constexpr int64_t kWaitNs = 500'000'000;

  // Whether to leave `found` alone at `now_ns` (Clock::MonotonicNs). Counts from the first call
  // with this process; only wrappers (IsWrapper) are waited for.
  bool ShouldWait(const RuntimeProcess& found, int64_t now_ns);

 private:
  int32_t pid_ = 0;  // of the wrapper seen last; 0: none yet
  uint64_t start_ticks_ = 0;
  int64_t first_seen_ns_ = 0;
};

}  // namespace lambent
