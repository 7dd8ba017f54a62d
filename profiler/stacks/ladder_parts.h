// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "profiler/os/affinity.h"
#include "profiler/os/agent_door.h"
#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"

namespace lambent {

struct LadderOptions {
  std::string proc_root = "/proc";
  // Weight of the first observation of threads that were there before us, ns.
  int64_t period_ns = 10'000'000;
  // Threads followed; more are counted as kTooManyThreads. Each takes up to four descriptors.
  size_t max_threads = 192;
};

// What the ladder does to the system; tests replace parts of it.
struct LadderParts {
  std::unique_ptr<os::ProcFiles> proc;
  std::unique_ptr<os::ThreadControl> control;
  std::unique_ptr<os::Affinity> affinity;
  // os::ProbeRemoteMemory, called again after exec.
  std::function<os::RemoteMemoryProbe(int32_t pid, uint64_t address)> open_memory;
  std::unique_ptr<os::AgentDoor> agent_door;
};

}  // namespace lambent
