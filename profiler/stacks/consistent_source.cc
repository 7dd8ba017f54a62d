// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/consistent_source.h"

namespace lambent {

CaptureResult ConsistentSource::Capture(ObservedThread& thread, CaptureAttempt& attempt) {
  CaptureResult result = CopyBeside(thread);
  if (result != CaptureResult::kInconsistent) {
    return result == CaptureResult::kCaptured ? interpreter_->Name(&thread.stack) : result;
  }
  for (int tries = 0; tries < kMaxTries && result == CaptureResult::kInconsistent; ++tries) {
    const Follow follow = own_cpu_.FollowTo(thread);
    if (follow == Follow::kGone) return CaptureResult::kGone;
    if (follow == Follow::kElsewhere) {
      if (attempt.may_stop) return CaptureResult::kInconsistent;
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
  int alike = 1;
  for (int look = 1; look < kMaxLooks; ++look) {
    const CaptureResult copied = interpreter_->Copy(thread.tid());
    if (copied == CaptureResult::kRefused || copied == CaptureResult::kGone) return copied;
    const bool same =
        copied == before && (copied == CaptureResult::kNotInterpreted ||
                             (copied == CaptureResult::kCaptured && interpreter_->SameAsBefore()));
    alike = same ? alike + 1 : 1;
    if (alike == kAlike) return copied;
    before = copied;
  }
  return CaptureResult::kInconsistent;
}

}  // namespace lambent
