// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "extensions/internal/kernel.h"
#include "extensions/internal/sampled_threads.h"
#include "profiler/base/agent_memory.h"

namespace lambent::agent {

// Copies the registers of the interrupted code and the top of its stack into a free cell; counts
// what is missing. Async-signal-safe; 0.1 µs on the thread's own stack.
void TakeSnapshot(AgentHeader* memory, uint32_t number, SampledThread& thread,
                  const struct ucontext& context);

}  // namespace lambent::agent
