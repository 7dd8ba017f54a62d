// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "profiler/stacks/interpreter_stacks.h"
#include "profiler/stacks/own_cpu.h"
#include "profiler/stacks/stack_source.h"

namespace lambent {

// Rung 2: the frames of a running interpreter thread, read without stopping it. On the thread's own
// CPU the sampler's running keeps the thread from running, and its count of timeslices proves it.
// Where the sampler may not go, the thread is to be stopped; where that is not permitted either,
// three copies in a row must be equal, their callers standing at the same instructions. That is no
// proof: of a program that does nothing but call two functions in turns, none of 3,500 stacks so
// taken had one function below the caller of the other; with two equal copies, 0.7 to 1.2 % of the
// weight in these functions had.
//
// Which CPU is the thread's own, its rseq area says in the same copy: three system calls in all,
// the first of them thread.schedule, which the ladder has read. Where there is no such area, or it
// names another CPU, /proc is asked and the sampler moves.
//
// Never says that the thread stood still: it may have fallen asleep since it was seen running, and
// would then be taken for a running one for as long as it sleeps.
class ConsistentSource final : public StackSource {
 public:
  // Copies proven on the thread's CPU before giving up.
  static constexpr int kMaxTries = 3;
  // Elsewhere: copies that must be alike, one after the other, and those taken before giving up.
  static constexpr int kAlike = 3;
  static constexpr int kMaxLooks = 12;

  // `interpreter` points at the ladder's pointer, which is null while there is none.
  ConsistentSource(OwnCpu& own_cpu, InterpreterStacks* const& interpreter)
      : own_cpu_(own_cpu), interpreter_(interpreter) {}

  Rung rung() const override { return Rung::kConsistentRead; }
  CaptureResult Capture(ObservedThread& thread, CaptureAttempt& attempt) override;

 private:
  // From the CPU we are on. The thread ran user code here last, so it has run none since we came;
  // in the kernel it may be elsewhere, which changes no frame.
  CaptureResult CopyBeside(ObservedThread& thread);
  CaptureResult CopyProven(ObservedThread& thread);
  // `copied`, if the thread's timeslices show that it did not run since thread.schedule was read.
  CaptureResult Prove(ObservedThread& thread, CaptureResult copied);
  CaptureResult CopyCompared(ObservedThread& thread);

  OwnCpu& own_cpu_;
  InterpreterStacks* const& interpreter_;
};

}  // namespace lambent
