// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

#include "profiler/encode/invocation_event.h"
#include "profiler/stacks/agent_losses.h"

namespace lambent {

// What was lost since the last batch, besides samples. A value.
struct Losses {
  uint64_t readings = 0;  // metric readings that found no room
  uint64_t batches = 0;   // whose events and readings never left
  AgentLosses agent;
};

// Appends an event for each kind of loss. Pure.
void AppendLossEvents(const Losses& losses, absl::Time time, std::vector<InvocationEvent>* events);

}  // namespace lambent
