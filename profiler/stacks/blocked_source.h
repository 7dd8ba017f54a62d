// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "profiler/stacks/interpreter_stacks.h"
#include "profiler/stacks/native_stacks.h"
#include "profiler/stacks/stack_source.h"

namespace lambent {

// Rung 1: a thread that is asleep. Its stack stands still: it is read where it lies, and afterwards
// the count of timeslices shows that the thread was asleep all the while. Nothing is stopped. The
// leaf says what it waits for (waiting_frame.h).
class BlockedSource final : public StackSource {
 public:
  // `interpreter` points at the ladder's pointer, which is null while there is none.
  BlockedSource(NativeStacks& native, InterpreterStacks* const& interpreter)
      : native_(native), interpreter_(interpreter) {}

  Rung rung() const override { return Rung::kBlocked; }
  CaptureResult Capture(ObservedThread& thread, CaptureAttempt& attempt) override;

 private:
  // `*state`: the thread's, as far as it had to be read to know what it waits for.
  CaptureResult Read(ObservedThread& thread, CaptureAttempt& attempt, char* state);
  bool WaitsForLock(const CaptureAttempt& attempt) const;
  bool ReadNative(ObservedThread& thread, const CaptureAttempt& attempt);

  NativeStacks& native_;
  InterpreterStacks* const& interpreter_;
};

}  // namespace lambent
