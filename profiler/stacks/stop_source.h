// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "profiler/os/clock.h"
#include "profiler/os/thread_control.h"
#include "profiler/stacks/interpreter_stacks.h"
#include "profiler/stacks/native_stacks.h"
#include "profiler/stacks/own_cpu.h"
#include "profiler/stacks/stack_source.h"

namespace lambent {

// Rung 4: a running thread is held for as long as its registers and the top of its stack (or its
// interpreter frames) are copied, and let go before anything is made of them.
//
// From the thread's own CPU, where the sampler may go there: that takes a third of the time, and
// between the look at its state and the stop it cannot fall asleep, so that a blocked thread is
// never stopped. From another CPU the look comes right before the stop, and what is left are the
// 3 µs between the two.
//
// Where more threads run than there are CPUs, a stop waits for its thread's turn. That is not
// waited for here: the attempt is kPending, and the thread is taken when it stands, between ticks
// or at the next one. A few at a time are asked so; they stand one behind the other when their
// turns come, and the sampler takes only one at a time.
class StopSource final : public StackSource {
 public:
  // `interpreter` points at the ladder's pointer, which is null while there is none.
  StopSource(const os::Clock& clock, os::ThreadControl& control, OwnCpu& own_cpu,
             NativeStacks& native, InterpreterStacks* const& interpreter)
      : clock_(clock),
        control_(control),
        own_cpu_(own_cpu),
        native_(native),
        interpreter_(interpreter) {}

  Rung rung() const override { return Rung::kStop; }
  void BeginTick() {
    patient_ = true;
    turned_away_ = 0;
  }
  // The first thread of this tick that was not asked, as too many are late; 0: none.
  int32_t turned_away() const { return turned_away_; }
  CaptureResult Capture(ObservedThread& thread, CaptureAttempt& attempt) override;

 private:
  // Twice what a stop takes across idle CPUs; and more than the kernel's tick of 4 ms, as a limit
  // before it sets the CPU's timer anew, twice: 20 us a stop instead of 6.
  static constexpr int64_t kAwakeNs = 60'000;
  static constexpr int64_t kAsleepNs = 5'000'000;
  static constexpr size_t kMaxLate = 4;

  CaptureResult Hold(ObservedThread& thread, CaptureAttempt& attempt, bool* native);

  const os::Clock& clock_;
  os::ThreadControl& control_;
  OwnCpu& own_cpu_;
  NativeStacks& native_;
  InterpreterStacks* const& interpreter_;
  bool patient_ = true;  // until a thread comes late
  int32_t turned_away_ = 0;
};

}  // namespace lambent
