// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/rung_probe.h"

#include <cstdint>
#include <memory>

namespace lambent {
namespace {

// No thread has this id (the kernel's limit is 2^22): where ptrace is permitted at all the answer
// is "no such thread", and where a filter refuses it the answer is that.
constexpr int32_t kNoThread = INT32_MAX;

}  // namespace

LadderProbe ProbeLadder(os::ProcessFiles& files, const os::RemoteMemoryProbe& memory,
                        os::ThreadControl& control) {
  LadderProbe probe;
  probe.abilities.read_memory = memory.memory != nullptr;
  probe.memory = "process_vm_readv: " + memory.vm_read + "; /proc/PID/mem: " + memory.proc_mem;
  const std::unique_ptr<os::ThreadFiles> thread = files.OpenThread(files.pid());
  os::ThreadSchedule schedule;
  probe.counts_timeslices =
      thread->ReadSchedule(&schedule) == os::ReadResult::kOk && schedule.timeslices > 0;
  os::ThreadCall call;
  probe.abilities.read_call = thread->ReadCall(&call) == os::ReadResult::kOk;
  os::Registers registers;
  // Who may read memory may trace, but for a filter of system calls: the kernel asks the same
  // question.
  probe.abilities.stop = probe.abilities.read_memory &&
                         control.Stop(kNoThread, {}, &registers) != os::StopResult::kRefused;
  return probe;
}

std::vector<RungProbe> DescribeRungs(const LadderProbe& probe, const std::string& interpreter,
                                     const std::string& missing) {
  const LadderAbilities& can = probe.abilities;
  const std::string no_memory = "memory is not readable (" + probe.memory + ")";
  std::vector<RungProbe> rungs;
  rungs.push_back({Rung::kUnchanged, probe.counts_timeslices,
                   probe.counts_timeslices ? "schedstat counts timeslices"
                                           : "schedstat does not count timeslices"});
  const bool blocked = can.read_memory && can.read_call;
  rungs.push_back({Rung::kBlocked, blocked,
                   blocked           ? "/proc/PID/task/TID/syscall shows registers; " + probe.memory
                   : can.read_memory ? "/proc/PID/task/TID/syscall is refused"
                                     : no_memory});
  const bool reads = can.read_memory && !interpreter.empty();
  rungs.push_back({Rung::kConsistentRead, reads,
                   reads              ? interpreter
                   : !can.read_memory ? no_memory
                   : missing.empty()  ? "no interpreter was found in the process"
                                      : missing});
  rungs.push_back({Rung::kAgent, can.agent, probe.agent});
  rungs.push_back({Rung::kStop, can.stop, can.stop ? "ptrace is permitted" : "ptrace is refused"});
  rungs.push_back({Rung::kPerf, can.perf, probe.perf});
  rungs.push_back({Rung::kMetricsOnly, true, "/proc is readable"});
  if (!probe.only.has_value()) return rungs;
  for (RungProbe& rung : rungs) {
    const bool may_be_asked_for = rung.rung == Rung::kConsistentRead || rung.rung == Rung::kAgent ||
                                  rung.rung == Rung::kStop || rung.rung == Rung::kPerf;
    if (!may_be_asked_for || rung.rung == *probe.only) continue;
    rung.available = false;
    rung.reason = "not asked for (--rung " + std::string(RungName(*probe.only)) + ")";
  }
  return rungs;
}

}  // namespace lambent
