// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent {

// What a thread was doing when it was sampled. Values equal lambent.v1.ThreadState.
enum class ThreadState : uint8_t {
  kUnspecified = 0,
  kRunning = 1,  // on a CPU, or runnable
  kBlocked = 2,  // asleep in a system call
  // The same, while it holds its interpreter's global lock.
  kRunningWithLock = 3,
  kBlockedWithLock = 4,
};

inline constexpr ThreadState kLastThreadState = ThreadState::kBlockedWithLock;

constexpr bool IsBlocked(ThreadState state) {
  return state == ThreadState::kBlocked || state == ThreadState::kBlockedWithLock;
}
constexpr bool HoldsLock(ThreadState state) { return state >= ThreadState::kRunningWithLock; }

}  // namespace lambent
