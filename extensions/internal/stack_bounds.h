// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent::agent {

// Where a thread's stack may be read without asking: mapped as long as the thread lives.
struct StackBounds {
  uint64_t low = 0;
  uint64_t high = 0;  // one past the end

  bool Holds(uint64_t address) const { return address - low < high - low; }
};

// Looks in /proc/self/maps (30 µs and up) whether `sp` is on the stack the calling thread began
// with: in the mapping called [stack], or in one that also holds the thread's descriptor, which C
// libraries put at the top of the stacks they make. Such a stack stays as long as its thread. Of
// any other (a signal's, a coroutine's, a goroutine's) nobody knows how long it stays: no bounds.
// Async-signal-safe; finds nothing while another thread asks.
bool FindStack(uint64_t sp, StackBounds* bounds);

}  // namespace lambent::agent
