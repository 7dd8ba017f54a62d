// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace lambent {

// What the agent in a process says that it could not do (profiler/base/agent_memory.h). For people:
// the process could say anything. No count of samples: an observation that a copy was missing for
// is a sample of another rung, a drop, or weighs on the thread's next one. A value.
struct AgentLosses {
  uint64_t no_cell = 0;   // copies not taken: all cells were full
  uint64_t overruns = 0;  // expiries of its timers that came while one was waiting
  uint64_t too_many = 0;  // requests for a timer when all were in use
  uint64_t refused = 0;   // timers that the kernel refused

  bool empty() const { return (no_cell | overruns | too_many | refused) == 0; }
  void Add(const AgentLosses& other);

  friend bool operator==(const AgentLosses&, const AgentLosses&) = default;
};

// In a line of at most 200 bytes; empty when there are none. Pure.
std::string Describe(const AgentLosses& losses);

}  // namespace lambent
