// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// How a Ladder takes one thread's stack.
#include <cstdint>
#include <utility>

#include "profiler/stacks/choose_rung.h"
#include "profiler/stacks/ladder.h"

namespace lambent {
namespace {

// Looks at a thread that changes its state meanwhile before giving up.
constexpr int kMaxLooks = 3;
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
  attempt->may_stop = probe_.abilities.stop;
  return facts;
}

CaptureResult Ladder::TakeLate(ObservedThread& thread, ThreadSample* sample) {
  CaptureAttempt attempt{.interpreted = thread.stop_interpreted, .native = thread.stop_native};
  if (attempt.interpreted && search_.stacks() == nullptr) return CaptureResult::kInconsistent;
  const CaptureResult result = TryStep(Step::kStop, thread, attempt, sample);
  sample->stopped_ns = attempt.stopped_ns;
  return result;
}

CaptureResult Ladder::Climb(ObservedThread& thread, ThreadSample* sample, DropReason* drop) {
  CaptureResult result = CaptureResult::kInconsistent;
  *drop = DropReason::kInconsistent;
  if (parts_.control->IsLate(thread.tid())) {
    result = TakeLate(thread, sample);
    if (result == CaptureResult::kCaptured || result == CaptureResult::kPending) return result;
    parts_.control->Settle();  // whatever it is, it is not held longer
    *drop = DropOf(result);
    return result;  // and not asked again before the next tick
  }
  CaptureAttempt attempt;
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
  sample->stopped_ns += attempt.stopped_ns;
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
    if (search_.stacks() != nullptr && !thread.not_interpreted) {
      ThreadRoster::AskName(*search_.stacks(), thread);
      sample->thread_name = thread.name;
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

}  // namespace lambent
