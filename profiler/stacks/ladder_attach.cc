// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// How a Ladder comes to know its process: at first, and anew after exec.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "profiler/stacks/ladder.h"
#include "profiler/unwind/unwind_with_fallback.h"
#include "profiler/unwind/unwind_with_rules.h"

namespace lambent {
namespace {

// An address that is mapped from a file, so that reading 8 bytes there must work.
uint64_t ReadableAddress(const ModuleTable& modules) {
  for (const Mapping& mapping : modules.mappings()) {
    if (mapping.readable && mapping.inode != 0) return mapping.start;
  }
  return 0;
}

// The upper end of the main thread's stack, 0 when there is none: a program keeps it, and another
// one has another, because the kernel chooses it at random.
uint64_t StackEnd(const ModuleTable& modules) {
  for (const Mapping& mapping : modules.mappings()) {
    if (mapping.path == "[stack]") return mapping.end;
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ladder>> Ladder::Attach(int32_t pid, const os::Clock& clock,
                                                       const LadderOptions& options) {
  return Attach(pid, clock, options,
                {.proc = os::CreateProcFiles(options.proc_root),
                 .control = os::CreateThreadControl(pid),
                 .affinity = os::CreateAffinity(),
                 .open_memory = &os::ProbeRemoteMemory,
                 .agent_door = os::CreateAgentDoor(options.proc_root),
                 .perf = os::CreatePerfEvents()});
}

absl::StatusOr<std::unique_ptr<Ladder>> Ladder::Attach(int32_t pid, const os::Clock& clock,
                                                       const LadderOptions& options,
                                                       LadderParts parts) {
  std::unique_ptr<Ladder> ladder(new Ladder(pid, clock, options, std::move(parts)));
  if (absl::Status status = ladder->Start(); !status.ok()) return status;
  return ladder;
}

Ladder::Ladder(int32_t pid, const os::Clock& clock, const LadderOptions& options, LadderParts parts)
    : clock_(clock),
      options_(options),
      parts_(std::move(parts)),
      files_(parts_.proc->OpenProcess(pid)),
      modules_(*files_, &memory_),
      names_(*files_, modules_, strings_, options),
      native_(clock, memory_, modules_,
              CreateFallbackUnwinder(modules_, CreateRuleUnwinder(modules_, &memory_))),
      own_cpu_(*parts_.affinity),
      search_(pid, modules_, memory_, strings_, options.lines),
      blocked_(native_, search_.stacks()),
      consistent_(own_cpu_, search_.stacks()),
      agent_(pid, *parts_.agent_door, own_cpu_, native_, options.period_ns),
      stop_(clock, *parts_.control, own_cpu_, native_, search_.stacks()),
      perf_(parts_.perf.get(), native_, options.period_ns),
      roster_(*files_, strings_, options.max_threads, [this](int32_t tid) {
        if (search_.stacks() != nullptr) search_.stacks()->Forget(tid);
        agent_.Forget(tid);
        perf_.Forget(tid);
      }) {}

absl::Status Ladder::Start() {
  os::ProcessStat stat;
  if (files_->ReadStat(&stat) != os::ReadResult::kOk || stat.state == 'Z' || stat.state == 'X') {
    return absl::NotFoundError("attaching to process " + std::to_string(pid()) +
                               ": it is not there");
  }
  files_->ReadExe(&exe_);
  LearnProgram();
  return absl::OkStatus();
}

void Ladder::OpenMemory() {
  const os::ReadResult maps = modules_.Refresh();
  os::RemoteMemoryProbe memory;
  const uint64_t address = ReadableAddress(modules_);
  if (address != 0) {
    memory = parts_.open_memory(pid(), address);
  } else {
    memory.vm_read = maps == os::ReadResult::kRefused ? "/proc/PID/maps may not be read"
                                                      : "no mapping to try it on";
    memory.proc_mem = "not tried";
  }
  probe_ = ProbeLadder(*files_, memory, *parts_.control);
  if (!probe_.abilities.read_memory) retry_.NoMemory(clock_.MonotonicNs());
  memory_.SwitchTo(std::move(memory.memory));
  probe_.abilities.perf = perf_.Probe(pid());
  probe_.perf = perf_.reason();
  NoteAgent();
  modules_.Refresh();  // the [vdso] is read out of memory
}

std::vector<RungProbe> Ladder::rungs() const {
  LadderProbe probe = probe_;
  probe.agent = agent_.reason();
  probe.only = options_.only;
  return DescribeRungs(probe, search_.found(), search_.missing());
}

void Ladder::Restrict() {
  if (!options_.only.has_value()) return;
  LadderAbilities& can = probe_.abilities;
  can.agent = can.agent && options_.only == Rung::kAgent;
  can.stop = can.stop && options_.only == Rung::kStop;
  can.perf = can.perf && options_.only == Rung::kPerf;
  can.consistent = options_.only == Rung::kConsistentRead;
}

void Ladder::NoteAgent() {
  probe_.abilities.agent = agent_.present();
  Restrict();
}

void Ladder::LearnProgram() {
  const int64_t now = clock_.MonotonicNs();
  refresh_maps_ns_ = now + kRefreshMapsNs;
  retry_.ExpectMemory();
  agent_.Reset();
  OpenMemory();
  stack_end_ = StackEnd(modules_);
  search_.Reset(now);
  failures_ = 0;
  roster_.ForgetNames();
  for (auto& [tid, thread] : roster_.threads()) {
    thread.has_stack = false;
    thread.not_interpreted = false;
  }
}

void Ladder::AfterExec() {
  names_.ForgetGeneratedCode();
  LearnProgram();
}

void Ladder::AfterFailures() {
  const uint64_t stack_end = stack_end_;
  LearnProgram();
  // The same program, started anew; else its generated code is what it was.
  const bool known = stack_end != 0 && stack_end_ != 0;  // in the middle of an exec there is none
  if (known && stack_end_ != stack_end) names_.ForgetGeneratedCode();
}

}  // namespace lambent
