// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/blocked_source.h"

#include "profiler/os/system_call_name.h"
#include "profiler/stacks/waiting_frame.h"

namespace lambent {
namespace {

bool SameCall(const os::ThreadCall& a, const os::ThreadCall& b) {
  return a.kind == b.kind && a.number == b.number && a.sp == b.sp && a.pc == b.pc;
}

// The state of a thread that is asleep or stopped, as stat has it.
bool IsAsleep(char state) {
  return state == 'S' || state == 'D' || state == 'T' || state == 't' || state == 'I';
}

}  // namespace

CaptureResult BlockedSource::Capture(ObservedThread& thread, CaptureAttempt& attempt) {
  char state = '?';
  const CaptureResult result = Read(thread, attempt, &state);
  if (result != CaptureResult::kCaptured) return result;
  os::ThreadSchedule after;
  if (thread.files->ReadSchedule(&after) != os::ReadResult::kOk) return CaptureResult::kGone;
  if (!WasNotScheduled(thread.schedule, after)) {
    // A kernel that does not count timeslices: the same call at the same place will have to do.
    os::ThreadCall call;
    const bool same = after.timeslices == 0 && attempt.reads_calls &&
                      thread.files->ReadCall(&call) == os::ReadResult::kOk &&
                      SameCall(call, attempt.call);
    if (!same) return CaptureResult::kInconsistent;
  }
  PutAtLeaf(WaitsForLock(attempt)
                ? kLockFrame
                : WaitingFrame(attempt.reads_calls ? attempt.call : os::ThreadCall{}, state),
            &thread.stack);
  thread.taken = after;
  attempt.stood_still = after.timeslices != 0;
  return CaptureResult::kCaptured;
}

CaptureResult BlockedSource::Read(ObservedThread& thread, CaptureAttempt& attempt, char* state) {
  if (!attempt.reads_calls || attempt.call.kind == os::ThreadCall::Kind::kBlocked) {
    os::ThreadStat stat;
    if (thread.files->ReadStat(&stat) != os::ReadResult::kOk) return CaptureResult::kGone;
    // What has ended, and was not waited for yet, has no memory.
    if (stat.state == 'Z' || stat.state == 'X') return CaptureResult::kUnreadable;
    if (!IsAsleep(stat.state)) return CaptureResult::kInconsistent;
    *state = stat.state;
  }
  if (!attempt.interpreted) {
    if (attempt.call.kind == os::ThreadCall::Kind::kRunning) return CaptureResult::kInconsistent;
    return ReadNative(thread, attempt) ? CaptureResult::kCaptured : CaptureResult::kUnreadable;
  }
  const CaptureResult copied = interpreter_->Copy(thread.tid());
  if (copied != CaptureResult::kCaptured) return copied;
  const bool registers = attempt.reads_calls && attempt.call.kind != os::ThreadCall::Kind::kRunning;
  if (!attempt.native || !registers) return interpreter_->Name(&thread.stack);
  if (ReadNative(thread, attempt)) {
    return interpreter_->NameAmong(native_.pcs(), &thread.stack, &attempt.partial);
  }
  attempt.partial = true;
  return interpreter_->Name(&thread.stack);
}

bool BlockedSource::WaitsForLock(const CaptureAttempt& attempt) const {
  return attempt.interpreted && attempt.reads_calls &&
         attempt.call.kind == os::ThreadCall::Kind::kInCall &&
         os::SystemCallName(attempt.call.number) == "futex" &&
         interpreter_->IsLock(attempt.call.argument);
}

bool BlockedSource::ReadNative(ObservedThread& thread, const CaptureAttempt& attempt) {
  if (!native_.CopyBlocked(thread, attempt.call.pc, attempt.call.sp)) return false;
  native_.Unwind(thread, /*standing=*/true);
  return !thread.stack.empty();
}

}  // namespace lambent
