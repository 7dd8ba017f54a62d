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
    case os::StopResult::kTimedOut:
      return CaptureResult::kInconsistent;
  }
  return CaptureResult::kRefused;
}

}  // namespace

CaptureResult StopSource::Capture(ObservedThread& thread, CaptureAttempt& attempt) {
  switch (own_cpu_.FollowTo(thread)) {
    case Follow::kGone:
      return CaptureResult::kGone;
    case Follow::kElsewhere:
      // There it may fall asleep between the look at its state and the stop.
      return CaptureResult::kInconsistent;
    case Follow::kHere:
      break;
  }
  if (!IsOnCpu(thread, attempt.reads_calls)) return CaptureResult::kInconsistent;
  os::Registers registers;
  // By our own CPU time: the thread shares our CPU, so while we do not run, others do, and it would
  // not have run either.
  const int64_t start_ns = clock_.ThreadCpuNs();
  const CaptureResult stopped = ResultOf(control_.Stop(thread.tid(), &registers));
  CaptureResult copied = stopped;
  bool native = false;
  if (stopped == CaptureResult::kCaptured) {
    if (attempt.interpreted) copied = interpreter_->Copy(thread.tid());
    if (!attempt.interpreted || attempt.native) native = native_.CopyStopped(thread, registers);
    if (!attempt.interpreted && !native) copied = CaptureResult::kUnreadable;
    control_.Resume();
    attempt.stopped_ns += clock_.ThreadCpuNs() - start_ns;
  }
  if (copied != CaptureResult::kCaptured) return copied;
  if (native) native_.Unwind(thread, /*standing=*/false);
  if (!attempt.interpreted) {
    return thread.stack.empty() ? CaptureResult::kUnreadable : CaptureResult::kCaptured;
  }
  return native && !thread.stack.empty() ? interpreter_->NameAmong(native_.pcs(), &thread.stack)
                                         : interpreter_->Name(&thread.stack);
}

}  // namespace lambent
