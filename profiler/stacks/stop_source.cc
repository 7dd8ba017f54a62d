// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/stop_source.h"

#include "profiler/stacks/on_cpu.h"

namespace lambent {
namespace {

CaptureResult ResultOf(os::StopResult result) {
  switch (result) {
    case os::StopResult::kStopped:
      return CaptureResult::kCaptured;
    case os::StopResult::kGone:
      return CaptureResult::kGone;
    case os::StopResult::kRefused:
      return CaptureResult::kRefused;
    case os::StopResult::kLate:
      return CaptureResult::kPending;
  }
  return CaptureResult::kRefused;
}

// Whether the thread was given a CPU since thread.schedule was read: until then it waited for that,
// and not for us.
bool GotItsCpu(ObservedThread& thread) {
  os::ThreadSchedule after;
  return thread.files->ReadSchedule(&after) == os::ReadResult::kOk &&
         after.timeslices != thread.schedule.timeslices;
}

}  // namespace

CaptureResult StopSource::Hold(ObservedThread& thread, CaptureAttempt& attempt, bool* native) {
  const bool late = control_.IsLate(thread.tid());
  Follow follow = Follow::kElsewhere;
  // What stands meanwhile would be held for as long as this thread is waited for.
  if (control_.late() > 0) patient_ = false;
  if (!late) {
    if (!patient_ && control_.late() >= kMaxLate) {
      if (turned_away_ == 0) turned_away_ = thread.tid();
      return CaptureResult::kPending;
    }
    follow = own_cpu_.FollowTo(thread);
    if (follow == Follow::kGone) return CaptureResult::kGone;
    // The last thing before the stop: elsewhere it may fall asleep in between.
    if (!IsOnCpu(thread, attempt.reads_calls)) return CaptureResult::kInconsistent;
  }
  os::Registers registers;
  // Beside us by our own CPU time: the thread shares our CPU, so while we do not run, others do,
  // and it would not have run either.
  const auto now_ns = [this, follow] {
    return follow == Follow::kHere ? clock_.ThreadCpuNs() : clock_.MonotonicNs();
  };
  const int64_t asked_ns = now_ns();
  os::StopPatience patience;
  if (patient_) {
    patience = {.awake_ns = follow == Follow::kHere ? 0 : kAwakeNs, .asleep_ns = kAsleepNs};
  }
  const CaptureResult stopped = ResultOf(control_.Stop(thread.tid(), patience, &registers));
  if (stopped != CaptureResult::kCaptured) return stopped;
  const int64_t seen_ns = now_ns();
  CaptureResult copied = stopped;
  if (attempt.interpreted) copied = interpreter_->Copy(thread.tid());
  if (!attempt.interpreted || attempt.native) *native = native_.CopyStopped(thread, registers);
  if (!attempt.interpreted && !*native) copied = CaptureResult::kUnreadable;
  control_.Resume();
  const int64_t end_ns = now_ns();
  if (late) {
    attempt.stopped_ns += end_ns - control_.stood_since_ns();
  } else {
    const bool waited = follow != Follow::kHere && GotItsCpu(thread);
    attempt.stopped_ns += end_ns - (waited ? seen_ns : asked_ns);
  }
  return copied;
}

CaptureResult StopSource::Capture(ObservedThread& thread, CaptureAttempt& attempt) {
  bool native = false;
  const CaptureResult copied = Hold(thread, attempt, &native);
  if (copied == CaptureResult::kPending) {
    thread.stop_interpreted = attempt.interpreted;
    thread.stop_native = attempt.native;
  }
  if (copied != CaptureResult::kCaptured) return copied;
  if (native) native_.Unwind(thread, /*standing=*/false);
  if (!attempt.interpreted) {
    return thread.stack.empty() ? CaptureResult::kUnreadable : CaptureResult::kCaptured;
  }
  if (native && !thread.stack.empty()) {
    return interpreter_->NameAmong(native_.pcs(), &thread.stack, &attempt.partial);
  }
  attempt.partial = attempt.native;
  return interpreter_->Name(&thread.stack);
}

}  // namespace lambent
