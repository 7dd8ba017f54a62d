// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/stop_source.h"

#include "profiler/stacks/on_cpu.h"

namespace lambent {
namespace {

// Ten times what a stop takes that is in vain.
constexpr int64_t kLeaveOthersNs = 200'000'000;

CaptureResult ResultOf(os::StopResult result) {
  switch (result) {
    case os::StopResult::kStopped:
      return CaptureResult::kCaptured;
    case os::StopResult::kGone:
      return CaptureResult::kGone;
    case os::StopResult::kRefused:
      return CaptureResult::kRefused;
    case os::StopResult::kTimedOut:
      return CaptureResult::kInconsistent;
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

CaptureResult StopSource::Capture(ObservedThread& thread, CaptureAttempt& attempt) {
  const Follow follow = own_cpu_.FollowTo(thread);
  if (follow == Follow::kGone) return CaptureResult::kGone;
  if (follow == Follow::kElsewhere && IsLeavingOtherCpusAlone()) {
    return CaptureResult::kInconsistent;
  }
  // The last thing before the stop: elsewhere it may fall asleep in between.
  if (!IsOnCpu(thread, attempt.reads_calls)) return CaptureResult::kInconsistent;
  os::Registers registers;
  // Beside us by our own CPU time: the thread shares our CPU, so while we do not run, others do,
  // and it would not have run either.
  const auto now_ns = [this, follow] {
    return follow == Follow::kHere ? clock_.ThreadCpuNs() : clock_.MonotonicNs();
  };
  const int64_t asked_ns = now_ns();
  const os::StopResult answer = control_.Stop(thread.tid(), &registers);
  if (answer == os::StopResult::kTimedOut && follow == Follow::kElsewhere) {
    leave_others_until_ns_ = clock_.MonotonicNs() + kLeaveOthersNs;
  }
  const CaptureResult stopped = ResultOf(answer);
  const int64_t seen_ns = now_ns();
  CaptureResult copied = stopped;
  bool native = false;
  if (stopped == CaptureResult::kCaptured) {
    if (attempt.interpreted) copied = interpreter_->Copy(thread.tid());
    if (!attempt.interpreted || attempt.native) native = native_.CopyStopped(thread, registers);
    if (!attempt.interpreted && !native) copied = CaptureResult::kUnreadable;
    control_.Resume();
    const int64_t end_ns = now_ns();
    const bool waited = follow != Follow::kHere && GotItsCpu(thread);
    attempt.stopped_ns += end_ns - (waited ? seen_ns : asked_ns);
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
