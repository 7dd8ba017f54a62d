// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/stop_source.h"

namespace lambent {
namespace {

// Whether the thread is running or would like to: the only state it may be stopped in.
bool IsRunning(ObservedThread& thread, bool reads_calls) {
  if (reads_calls) {
    os::ThreadCall call;
    return thread.files->ReadCall(&call) == os::ReadResult::kOk &&
           call.kind == os::ThreadCall::Kind::kRunning;
  }
  os::ThreadStat stat;
  return thread.files->ReadStat(&stat) == os::ReadResult::kOk && stat.state == 'R';
}

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
  if (own_cpu_.FollowTo(thread) == Follow::kGone) return CaptureResult::kGone;
  if (!IsRunning(thread, attempt.reads_calls)) return CaptureResult::kInconsistent;
  os::Registers registers;
  const int64_t start = clock_.MonotonicNs();
  const CaptureResult stopped = ResultOf(control_.Stop(thread.tid(), &registers));
  CaptureResult copied = stopped;
  bool native = false;
  if (stopped == CaptureResult::kCaptured) {
    if (attempt.interpreted) copied = interpreter_->Copy(thread.tid());
    if (!attempt.interpreted || attempt.native) native = native_.CopyStopped(thread, registers);
    if (!attempt.interpreted && !native) copied = CaptureResult::kUnreadable;
    control_.Resume();
    attempt.stopped_ns += clock_.MonotonicNs() - start;
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
