// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "profiler/base/rung.h"
#include "profiler/os/proc_values.h"
#include "profiler/stacks/observed_thread.h"

namespace lambent {

// How an attempt to take a stack ended.
enum class CaptureResult : uint8_t {
  kCaptured,        // thread.stack is true for the thread, at a moment during the call
  kInconsistent,    // the thread ran meanwhile, or is in another state than thought
  kRefused,         // not permitted
  kGone,            // the thread has ended
  kUnreadable,      // its memory does not hold what is looked for
  kNotInterpreted,  // it has no interpreter frames: take native ones
  kPending,         // a stack of this time is to come: the next observation accounts for it too
};

// What an attempt has to know besides the thread, and what it says besides the stack.
struct CaptureAttempt {
  bool interpreted = false;  // take the interpreter's frames; else native ones
  bool native = false;       // with `interpreted`: the native frames too, where registers are known
  bool reads_calls = false;  // ThreadFiles::ReadCall works on this process
  bool may_stop = false;     // a stop is permitted, where nothing else shows what is true
  os::ThreadCall call;       // as read just after thread.schedule, if reads_calls
  int64_t stopped_ns = 0;    // out: how long the thread was held
  bool stood_still = false;  // out: the thread was off the CPU at the end of the capture
  bool partial = false;      // out: `native` frames could be had here, and are not in the stack
  bool stop_failed = false;  // native frames were to be taken by a stop, which failed
};

// Whether two readings show that the thread was not put on a CPU between them, provided that it was
// seen off the CPU at a moment between them. Never for a kernel that does not count.
inline bool WasNotScheduled(const os::ThreadSchedule& before, const os::ThreadSchedule& after) {
  return before.timeslices != 0 && before.timeslices == after.timeslices &&
         before.cpu_ns == after.cpu_ns;
}

// One rung of the ladder: a way to take a stack, into thread.stack and thread.taken. Each is true
// or fails; none returns a stack that was never on the thread. Confined to the sampler thread.
class StackSource {
 public:
  virtual ~StackSource() = default;
  virtual Rung rung() const = 0;
  virtual CaptureResult Capture(ObservedThread& thread, CaptureAttempt& attempt) = 0;
};

}  // namespace lambent
