// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace lambent::os {

// Time, so that tests can own it. Thread-safe.
//
// MonotonicNs measures, UnixTime dates: never subtract two UnixTime readings. CLOCK_MONOTONIC goes on
// while a Lambda environment is frozen, so a jump far beyond the expected wait means a freeze.
class Clock {
 public:
  virtual ~Clock() = default;

  // CLOCK_MONOTONIC, in nanoseconds.
  virtual int64_t MonotonicNs() const = 0;

  // CLOCK_REALTIME.
  virtual absl::Time UnixTime() const = 0;

  // CPU time (user and system) of this process, in nanoseconds: CLOCK_PROCESS_CPUTIME_ID.
  virtual int64_t SelfCpuNs() const = 0;

  // CPU time of the calling thread, in nanoseconds: CLOCK_THREAD_CPUTIME_ID.
  virtual int64_t ThreadCpuNs() const = 0;

  // Sleeps until MonotonicNs() >= deadline_ns (clock_nanosleep, TIMER_ABSTIME). May return early.
  virtual void SleepUntil(int64_t deadline_ns) = 0;
};

// The real clock; lives as long as the program.
Clock& RealClock();

}  // namespace lambent::os
