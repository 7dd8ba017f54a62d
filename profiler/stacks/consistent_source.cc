// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/consistent_source.h"

namespace lambent {

CaptureResult ConsistentSource::Capture(ObservedThread& thread, CaptureAttempt&) {
  CaptureResult result = CopyBeside(thread);
  if (result != CaptureResult::kInconsistent) {
    return result == CaptureResult::kCaptured ? interpreter_->Name(&thread.stack) : result;
  }
  for (int tries = 0; tries < kMaxTries && result == CaptureResult::kInconsistent; ++tries) {
    const Follow follow = own_cpu_.FollowTo(thread);
    if (follow == Follow::kGone) return CaptureResult::kGone;
    if (follow == Follow::kElsewhere) {
      result = CopyCompared(thread);
      break;
    }
    result = CopyProven(thread);
  }
  return result == CaptureResult::kCaptured ? interpreter_->Name(&thread.stack) : result;
}

CaptureResult ConsistentSource::CopyBeside(ObservedThread& thread) {
  const int here = own_cpu_.Here();
  if (here < 0) return CaptureResult::kInconsistent;
  const CaptureResult copied = interpreter_->Copy(thread.tid());
  if (copied == CaptureResult::kRefused || copied == CaptureResult::kGone) return copied;
  if (interpreter_->CpuOfCopy() != here) return CaptureResult::kInconsistent;
  const CaptureResult proven = Prove(thread, copied);
  return own_cpu_.Here() == here || proven == CaptureResult::kGone ? proven
                                                                   : CaptureResult::kInconsistent;
}

CaptureResult ConsistentSource::CopyProven(ObservedThread& thread) {
  return Prove(thread, interpreter_->Copy(thread.tid()));
}

CaptureResult ConsistentSource::Prove(ObservedThread& thread, CaptureResult copied) {
  if (copied == CaptureResult::kRefused || copied == CaptureResult::kGone) return copied;
  if (thread.files->ReadSchedule(&thread.taken) != os::ReadResult::kOk) return CaptureResult::kGone;
  // What could not be read of a thread that ran meanwhile says nothing.
  return WasNotScheduled(thread.schedule, thread.taken) ? copied : CaptureResult::kInconsistent;
}

CaptureResult ConsistentSource::CopyCompared(ObservedThread& thread) {
  CaptureResult before = interpreter_->Copy(thread.tid());
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    const CaptureResult copied = interpreter_->Copy(thread.tid());
    if (copied == CaptureResult::kRefused || copied == CaptureResult::kGone) return copied;
    if (copied == CaptureResult::kNotInterpreted && before == copied) return copied;
    if (copied == CaptureResult::kCaptured && before == copied && interpreter_->SameAsBefore()) {
      return copied;
    }
    before = copied;
  }
  return CaptureResult::kInconsistent;
}

}  // namespace lambent
