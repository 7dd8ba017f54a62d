// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/ladder.h"

#include <algorithm>
#include <utility>

#include "profiler/unwind/unwind_with_libunwind.h"

namespace lambent {
namespace {

// Looks at a thread that changes its state meanwhile before giving up.
constexpr int kMaxLooks = 3;
// A program that calls exec does so early: the exe link is looked at in each of the first ticks.
constexpr uint64_t kEarlyTicks = 32;
constexpr uint64_t kExeEvery = 16;
// Failures in a row after which everything known of the process is found out anew.
constexpr int kManyFailures = 16;
// Observations after which the interpreter is asked again about a thread it did not know.
constexpr uint64_t kAskEvery = 32;
// A tick that comes so many times later than the one before did.
constexpr int64_t kLateTicks = 8;

ThreadState StateOf(Step step, bool holds_lock) {
  if (step == Step::kBlocked) {
    return holds_lock ? ThreadState::kBlockedWithLock : ThreadState::kBlocked;
  }
  return holds_lock ? ThreadState::kRunningWithLock : ThreadState::kRunning;
}

DropReason DropOf(CaptureResult result) {
  switch (result) {
    case CaptureResult::kGone:
      return DropReason::kTargetGone;
    case CaptureResult::kRefused:
      return DropReason::kRefused;
    case CaptureResult::kUnreadable:
    case CaptureResult::kNotInterpreted:
      return DropReason::kUnreadable;
    case CaptureResult::kCaptured:
    case CaptureResult::kInconsistent:
    case CaptureResult::kPending:
      break;
  }
  return DropReason::kInconsistent;
}

}  // namespace

CaptureResult Ladder::TryStep(Step step, ObservedThread& thread, CaptureAttempt& attempt,
                              ThreadSample* sample) {
  StackSource* source = nullptr;
  switch (step) {
    case Step::kNone:
      return CaptureResult::kRefused;
    case Step::kUnchanged:
      sample->rung = Rung::kUnchanged;
      return CaptureResult::kCaptured;
    case Step::kBlocked:
      source = &blocked_;
      break;
    case Step::kConsistentRead:
      source = &consistent_;
      break;
    case Step::kAgent:
      source = &agent_;
      break;
    case Step::kStop:
      source = &stop_;
      break;
    case Step::kPerf:
      attempt.interpreted = false;  // an interpreter's frames are not copied
      source = &perf_;
      break;
  }
  thread.has_stack = false;  // what is there is overwritten
  attempt.stood_still = attempt.partial = false;
  const CaptureResult result = source->Capture(thread, attempt);
  Learn(step, result);
  if (result != CaptureResult::kCaptured) {
    attempt.stop_failed |= step == Step::kStop && attempt.native;
    return result;
  }
  thread.has_stack = true;
  thread.stood_still = attempt.stood_still;
  thread.partial = attempt.partial || (step == Step::kConsistentRead && attempt.stop_failed);
  thread.state = StateOf(step, attempt.interpreted && search_.stacks()->HoldsLock());
  sample->rung = source->rung();
  if (!attempt.interpreted || attempt.native) names_.Expect(&thread.stack);
  return result;
}

void Ladder::Learn(Step step, CaptureResult result) {
  if (result == CaptureResult::kCaptured) failures_ = 0;
  const bool copied = step == Step::kAgent || step == Step::kPerf;
  if (copied && result == CaptureResult::kInconsistent) return;  // no nonsense found
  if (result == CaptureResult::kUnreadable || result == CaptureResult::kInconsistent) ++failures_;
  if (result == CaptureResult::kUnreadable || result == CaptureResult::kGone) suspect_end_ = true;
  if (result != CaptureResult::kRefused) return;
  if (step == Step::kStop) probe_.abilities.stop = false;
  if (step == Step::kPerf) probe_.abilities.perf = false;
  retry_.Refused(clock_.MonotonicNs());
}

ThreadFacts Ladder::LookAt(ObservedThread& thread, CaptureAttempt* attempt) {
  ThreadFacts facts;
  facts.unchanged =
      thread.has_stack && thread.stood_still && WasNotScheduled(thread.taken, thread.schedule);
  if (facts.unchanged) return facts;
  facts.interpreted = search_.stacks() != nullptr && !thread.not_interpreted;
  if (probe_.abilities.read_call) {
    const os::ReadResult read = thread.files->ReadCall(&attempt->call);
    if (read == os::ReadResult::kOk) {
      facts.blocked = attempt->call.kind != os::ThreadCall::Kind::kRunning;
    } else if (read == os::ReadResult::kRefused) {
      probe_.abilities.read_call = false;
      retry_.Refused(clock_.MonotonicNs());
    }
  }
  if (!probe_.abilities.read_call) {
    os::ThreadStat stat;
    if (thread.files->ReadStat(&stat) == os::ReadResult::kOk) {
      facts.blocked = stat.state == 'S' || stat.state == 'D' || stat.state == 'I';
      facts.stopped = stat.state == 'T' || stat.state == 't';
    }
  }
  facts.native = options_.native == NativeFrames::kAlways;
  attempt->interpreted = facts.interpreted;
  attempt->native =
      facts.native || (facts.blocked && options_.native == NativeFrames::kWhenBlocked);
  attempt->reads_calls = probe_.abilities.read_call;
  attempt->may_stop = probe_.abilities.stop && !stop_.IsLeavingOtherCpusAlone();
  return facts;
}

CaptureResult Ladder::Climb(ObservedThread& thread, ThreadSample* sample, DropReason* drop) {
  CaptureAttempt attempt;
  CaptureResult result = CaptureResult::kInconsistent;
  for (int look = 0; look < kMaxLooks; ++look) {
    if (look > 0 && thread.files->ReadSchedule(&thread.schedule) != os::ReadResult::kOk) {
      result = CaptureResult::kGone;
      break;
    }
    const ThreadFacts facts = LookAt(thread, &attempt);
    const RungPlan plan = ChooseRung(facts, probe_.abilities);
    *drop = plan.drop;
    if (plan.first == Step::kNone) {
      suspect_end_ = true;  // nothing of a process that has ended can be looked at either
      return CaptureResult::kRefused;
    }
    result = TryStep(plan.first, thread, attempt, sample);
    if (result == CaptureResult::kInconsistent && plan.second != Step::kNone) {
      result = TryStep(plan.second, thread, attempt, sample);
    }
    if (result == CaptureResult::kCaptured || result == CaptureResult::kGone ||
        result == CaptureResult::kPending) {
      break;
    }
    if (result == CaptureResult::kNotInterpreted ||
        (attempt.interpreted && result == CaptureResult::kUnreadable)) {
      thread.not_interpreted = true;
      thread.ask_interpreter_at = thread.observations + (thread.observations < 8 ? 1 : kAskEvery);
    }
  }
  sample->stopped_ns = attempt.stopped_ns;
  if (result != CaptureResult::kCaptured) *drop = DropOf(result);
  return result;
}

bool Ladder::MayWait(const ThreadSample& sample) const {
  // A tick that comes late may hold a freeze, whose time is nobody's: that can only be told of what
  // is observed at this tick.
  return last_tick_ns_ == 0 || sample.time_ns - last_tick_ns_ < kLateTicks * tick_length_ns_;
}

bool Ladder::ObserveThread(ObservedThread& thread, ThreadSample* sample) {
  sample->pid = pid();
  sample->tid = thread.tid();
  sample->time_ns = clock_.MonotonicNs();
  sample->drop = Account(thread, sample);
  sample->wall_ns += std::exchange(thread.owed_wall_ns, 0);
  sample->cpu_ns += std::exchange(thread.owed_cpu_ns, 0);
  if (sample->drop == DropReason::kUnspecified) {
    DropReason drop = DropReason::kUnspecified;
    const CaptureResult result = Climb(thread, sample, &drop);
    if (result == CaptureResult::kPending && MayWait(*sample)) {
      thread.owed_wall_ns = sample->wall_ns;
      thread.owed_cpu_ns = sample->cpu_ns;
      return false;
    }
    TakeRunQueue(thread, sample);
    if (result == CaptureResult::kCaptured) {
      sample->stack = &thread.stack;
      sample->partial = thread.partial;
    } else {
      sample->drop = drop;
    }
  }
  sample->state = thread.state;
  return true;
}

bool Ladder::Observe(absl::FunctionRef<void(const ThreadSample&)> sink) {
  ++ticks_;
  const int64_t now = clock_.MonotonicNs();
  if (!CheckProcess(now)) {
    ReportAllGone(now, sink);
    return false;
  }
  native_.BeginTick();
  names_.BeginTick(now);
  agent_.BeginTick(now);
  NoteAgent();
  perf_.BeginTick();
  const bool had_interpreter = search_.stacks() != nullptr;
  search_.Tick(now);
  if (!had_interpreter && search_.stacks() != nullptr) {
    // Stacks taken before show nothing of it, also of threads that have slept since.
    for (auto& [tid, thread] : roster_.threads()) thread.stood_still = false;
  }
  ended_.clear();
  for (auto& [tid, thread] : roster_.threads()) {
    ThreadSample sample;
    if (!ObserveThread(thread, &sample)) continue;
    if (sample.drop == DropReason::kTargetGone) ended_.push_back(tid);
    sink(sample);
  }
  for (const int32_t tid : roster_.left_out()) {
    ThreadSample sample;
    sample.pid = pid();
    sample.tid = tid;
    sample.time_ns = now;
    sample.wall_ns = last_tick_ns_ == 0 ? options_.period_ns : now - last_tick_ns_;
    sample.drop = DropReason::kTooManyThreads;
    sink(sample);
  }
  for (const int32_t tid : ended_) roster_.Remove(tid);
  tick_length_ns_ = last_tick_ns_ == 0 ? options_.period_ns : now - last_tick_ns_;
  last_tick_ns_ = now;
  parts_.control->Settle();
  return true;
}

void Ladder::ReportAllGone(int64_t now, absl::FunctionRef<void(const ThreadSample&)> sink) {
  for (auto& [tid, thread] : roster_.threads()) {
    ThreadSample sample;
    sample.pid = pid();
    sample.tid = tid;
    sample.time_ns = now;
    sample.wall_ns = thread.observations == 0 ? 0 : now - thread.seen_ns + thread.owed_wall_ns;
    sample.thread_name = thread.name;
    sample.drop = DropReason::kTargetGone;
    sink(sample);
  }
  roster_.Clear();
}

bool Ladder::CheckProcess(int64_t now) {
  if (roster_.Refresh() == os::ReadResult::kGone) return false;
  if (suspect_end_ && HasEnded()) return false;
  suspect_end_ = false;
  const bool look = ticks_ <= kEarlyTicks || ticks_ % kExeEvery == 0;
  if (look && files_->ReadExe(&exe_now_) == os::ReadResult::kOk && exe_now_ != exe_) {
    exe_ = exe_now_;
    AfterExec();
  } else if (failures_ >= kManyFailures) {
    AfterFailures();
  }
  if (now >= refresh_maps_ns_) {
    modules_.Refresh();
    refresh_maps_ns_ = now + kRefreshMapsNs;
  }
  if (retry_.Take(now)) {
    const bool readable = probe_.abilities.read_memory;
    OpenMemory();
    if (!readable && probe_.abilities.read_memory) search_.Reset(now);  // it had nothing to read
  }
  return true;
}

bool Ladder::HasEnded() {
  os::ProcessStat stat;
  const os::ReadResult read = files_->ReadStat(&stat);
  if (read == os::ReadResult::kGone) return true;
  // A main thread may end before the others; then the process goes on.
  return read == os::ReadResult::kOk && (stat.state == 'Z' || stat.state == 'X') &&
         roster_.threads().size() + roster_.left_out().size() <= 1;
}

}  // namespace lambent
