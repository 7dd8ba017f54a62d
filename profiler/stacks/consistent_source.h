// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "profiler/stacks/interpreter_stacks.h"
#include "profiler/stacks/own_cpu.h"
#include "profiler/stacks/stack_source.h"

namespace lambent {

// Rung 2: the frames of a running interpreter thread, read without stopping it. On the thread's own
// CPU the sampler's running keeps the thread from running, and its count of timeslices proves it.
// Where the sampler may not go, two copies in a row must be equal.
class ConsistentSource final : public StackSource {
 public:
  // Copies proven on the thread's CPU, or compared elsewhere, before giving up.
  static constexpr int kMaxTries = 3;

  // `interpreter` points at the ladder's pointer, which is null while there is none.
  ConsistentSource(OwnCpu& own_cpu, InterpreterStacks* const& interpreter)
      : own_cpu_(own_cpu), interpreter_(interpreter) {}

  Rung rung() const override { return Rung::kConsistentRead; }
  CaptureResult Capture(ObservedThread& thread, CaptureAttempt& attempt) override;

 private:
  CaptureResult CopyProven(ObservedThread& thread);
  CaptureResult CopyCompared(ObservedThread& thread);

  OwnCpu& own_cpu_;
  InterpreterStacks* const& interpreter_;
};

}  // namespace lambent
