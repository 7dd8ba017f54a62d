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
};

}  // namespace lambent
