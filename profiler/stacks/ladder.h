// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/base/string_table.h"
#include "profiler/os/clock.h"
#include "profiler/os/process_files.h"
#include "profiler/stacks/agent_source.h"
#include "profiler/stacks/blocked_source.h"
#include "profiler/stacks/consistent_source.h"
#include "profiler/stacks/frame_names.h"
#include "profiler/stacks/interpreter_search.h"
#include "profiler/stacks/ladder_parts.h"
#include "profiler/stacks/native_stacks.h"
#include "profiler/stacks/own_cpu.h"
#include "profiler/stacks/perf_source.h"
#include "profiler/stacks/process_sampler.h"
#include "profiler/stacks/retry_schedule.h"
#include "profiler/stacks/rung_probe.h"
#include "profiler/stacks/stop_source.h"
#include "profiler/stacks/switchable_memory.h"
#include "profiler/stacks/thread_roster.h"
#include "profiler/target/module_table.h"

namespace lambent {

// The ladder of stack sources over one process: at each tick, of each thread, the stack by the
// cheapest rung that gives a true one. Which rungs work is probed when attaching and learnt from
// failures; a refused one is tried again after a while. Follows the process through exec, through
// threads that come and go, and finds an interpreter that comes up later.
//
// Confined to the sampler thread, which called Attach (ptrace and affinity are a thread's own). It
// moves that thread between the CPUs it is allowed on.
class Ladder final : public ProcessSampler {
 public:
  // Errors: NotFound when the process is not there. A process that may not be looked at is no
  // error: its samples are counted as refused, and rungs() says why. `clock` must outlive it.
  static absl::StatusOr<std::unique_ptr<Ladder>> Attach(int32_t pid, const os::Clock& clock,
                                                        const LadderOptions& options);
  static absl::StatusOr<std::unique_ptr<Ladder>> Attach(int32_t pid, const os::Clock& clock,
                                                        const LadderOptions& options,
                                                        LadderParts parts);

  int32_t pid() const override { return files_->pid(); }
  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override;
  bool AwaitStop(int64_t until_ns) override { return parts_.control->AwaitStop(until_ns); }
  void TakeStops(absl::FunctionRef<void(const ThreadSample&)> sink) override;
  void LetGo() override { parts_.control->Settle(); }
  FrameDescription Describe(const Frame& frame) override { return names_.Describe(frame); }
  std::string_view ThreadName(StringId id) const override { return strings_.Get(id); }
  AgentLosses TakeLosses() override { return agent_.TakeLosses(); }

  std::vector<RungProbe> rungs() const;  // what works on this process, as known now

 private:
  // Maps are read again now and then, for libraries that replaced others unseen.
  static constexpr int64_t kRefreshMapsNs = 2'000'000'000;

  Ladder(int32_t pid, const os::Clock& clock, const LadderOptions& options, LadderParts parts);
  absl::Status Start();
  void OpenMemory();
  void NoteAgent();
  void Restrict();
  bool CheckProcess(int64_t now);
  bool HasEnded();
  void LearnProgram();
  void AfterExec();
  void AfterFailures();
  void ObserveThreads(absl::FunctionRef<void(const ThreadSample&)> sink);
  // False: nothing to tell yet, the next observation accounts for this time too.
  bool ObserveThread(ObservedThread& thread, ThreadSample* sample);
  bool MayWait(const ThreadSample& sample) const;
  DropReason Account(ObservedThread& thread, ThreadSample* sample);
  void TakeRunQueue(ObservedThread& thread, ThreadSample* sample);
  CaptureResult Climb(ObservedThread& thread, ThreadSample* sample, DropReason* drop);
  CaptureResult TakeLate(ObservedThread& thread, ThreadSample* sample);
  CaptureResult TryStep(Step step, ObservedThread& thread, CaptureAttempt& attempt,
                        ThreadSample* sample);
  ThreadFacts LookAt(ObservedThread& thread, CaptureAttempt* attempt);
  void Learn(Step step, CaptureResult result);
  void ReportAllGone(int64_t now, absl::FunctionRef<void(const ThreadSample&)> sink);

  const os::Clock& clock_;
  const LadderOptions options_;
  LadderParts parts_;
  std::unique_ptr<os::ProcessFiles> files_;
  SwitchableMemory memory_;
  ModuleTable modules_;
  StringTable strings_;
  FrameNames names_;
  NativeStacks native_;
  OwnCpu own_cpu_;
  InterpreterSearch search_;
  BlockedSource blocked_;
  ConsistentSource consistent_;
  AgentSource agent_;
  StopSource stop_;
  PerfSource perf_;
  ThreadRoster roster_;
  std::vector<int32_t> ended_;  // of the tick under way
  int32_t first_tid_ = 0;       // from which on threads are observed first
  LadderProbe probe_;
  RetrySchedule retry_;

  std::string exe_, exe_now_;
  uint64_t stack_end_ = 0;  // of the main thread, when the program was learnt
  uint64_t ticks_ = 0;
  int64_t last_tick_ns_ = 0, tick_length_ns_ = 0, refresh_maps_ns_ = 0;
  int failures_ = 0;  // captures in a row that found nonsense: perhaps another program runs now
  bool suspect_end_ = false;
};

}  // namespace lambent
