// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profiler/base/rung.h"
#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "profiler/stacks/choose_rung.h"

namespace lambent {

// Whether a rung works on a process, for people: Hello and `lambent doctor` show it.
struct RungProbe {
  Rung rung = Rung::kMetricsOnly;
  bool available = false;
  std::string reason;  // how it works, or why it does not
};

// What was tried on a process.
struct LadderProbe {
  LadderAbilities abilities;
  bool counts_timeslices = false;
  std::string memory;  // what was found out about reading memory
  std::string agent;   // how the preloaded agent works, or why it does not
  std::string perf;    // the same of perf events
  // Of the rungs for running threads, the one that alone is asked for; none: all are.
  std::optional<Rung> only = std::nullopt;
};

// Tries what the rungs need on the process's main thread, disturbing nothing: no thread is stopped.
// `memory` is what os::ProbeRemoteMemory found.
LadderProbe ProbeLadder(os::ProcessFiles& files, const os::RemoteMemoryProbe& memory,
                        os::ThreadControl& control);

// The probe in words, a line for each rung. `interpreter`: the one found, "" for none; `missing`:
// why there is none.
std::vector<RungProbe> DescribeRungs(const LadderProbe& probe, const std::string& interpreter,
                                     const std::string& missing);

}  // namespace lambent
