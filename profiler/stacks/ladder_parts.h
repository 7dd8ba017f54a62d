// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "profiler/base/rung.h"
#include "profiler/os/affinity.h"
#include "profiler/os/agent_door.h"
#include "profiler/os/perf_events.h"
#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "profiler/symbols/module_files.h"

namespace lambent {

// When native frames are taken of a thread that an interpreter runs, among the interpreter's own:
// the C functions that Python code called.
enum class NativeFrames : uint8_t {
  kNever,
  kWhenBlocked,  // one read more of a thread that has fallen asleep
  kAlways,       // and, where ptrace is permitted, a running thread is stopped for them
};

struct LadderOptions {
  // Told of the process's modules as frames of theirs are described; must outlive the ladder. Null:
  // nobody wants to know.
  ModuleFiles* module_files = nullptr;
  std::string proc_root = "/proc";
  // Weight of the first observation of threads that were there before us, ns.
  int64_t period_ns = 10'000'000;
  // Threads followed; more are counted as kTooManyThreads. Each takes up to four descriptors.
  size_t max_threads = 192;
  NativeFrames native = NativeFrames::kWhenBlocked;
  // The one rung for running threads, where not the best of all is wanted; waiting ones are read as
  // ever (rungs 0 and 1).
  std::optional<Rung> only = std::nullopt;
  // Interpreted frames are told apart by the line they execute. Many more stacks: for a recording,
  // not for what runs all day.
  bool lines = false;
  // Native frames are told apart by their code's own addresses, which debugging information turns
  // into lines and inlined functions. As many more stacks.
  bool code_addresses = false;
  // Mini debug info decompressed for names, at most, of all modules together: 10 ms a MiB on the
  // sampler thread, and kept. Frames of what is beyond it have no name but their build id and
  // address, which the collector resolves.
  size_t mini_debug_info_bytes = 8 << 20;
};

// What the ladder does to the system; tests replace parts of it.
struct LadderParts {
  std::unique_ptr<os::ProcFiles> proc;
  std::unique_ptr<os::ThreadControl> control;
  std::unique_ptr<os::Affinity> affinity;
  // os::ProbeRemoteMemory, called again after exec.
  std::function<os::RemoteMemoryProbe(int32_t pid, uint64_t address)> open_memory;
  std::unique_ptr<os::AgentDoor> agent_door;
  std::unique_ptr<os::PerfEvents> perf = nullptr;  // null: there are none
};

}  // namespace lambent
