// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "profiler/base/agent_memory.h"

namespace lambent::agent {

// The agent's signal handler: async-signal-safe. Apart from it and from what runs once when the
// library is loaded, nothing of the agent ever runs. See agent.cc. `cause` is a siginfo_t, `context`
// a ucontext_t, which the kernel's headers and a C library's both define.
void OnSignal(int signal, void* cause, void* context);

// The memory shared with the profiler; null: the agent does nothing.
AgentHeader* Memory();

}  // namespace lambent::agent
