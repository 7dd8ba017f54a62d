// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "profiler/base/agent_memory.h"

namespace lambent::agent {

// Creates the memory this process shares with the profiler, all zero, and maps it. The file stays
// open, for the profiler to find in /proc/PID/fd; exec closes it. Null: neither a memfd nor a file
// in /tmp could be had.
AgentHeader* CreateMemory();

inline AgentCell* CellOf(AgentHeader* memory, uint32_t index) {
  return reinterpret_cast<AgentCell*>(reinterpret_cast<char*>(memory) + kAgentCellsOffset +
                                      uint64_t{index} * kAgentCellBytes);
}

// One of the counts grows. Async-signal-safe.
inline uint64_t Count(uint64_t& count, uint64_t by = 1) {
  return __atomic_add_fetch(&count, by, __ATOMIC_RELAXED);
}

}  // namespace lambent::agent
