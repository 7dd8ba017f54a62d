// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/clock.h"

#include <time.h>

namespace lambent::os {
namespace {

int64_t ReadNs(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

class LinuxClock final : public Clock {
 public:
  int64_t MonotonicNs() const override { return ReadNs(CLOCK_MONOTONIC); }
  absl::Time UnixTime() const override { return absl::FromUnixNanos(ReadNs(CLOCK_REALTIME)); }
  int64_t SelfCpuNs() const override { return ReadNs(CLOCK_PROCESS_CPUTIME_ID); }
  int64_t ThreadCpuNs() const override { return ReadNs(CLOCK_THREAD_CPUTIME_ID); }
  void SleepUntil(int64_t deadline_ns) override {
    const timespec until{deadline_ns / 1'000'000'000, deadline_ns % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  }
};

}  // namespace

Clock& RealClock() {
  static LinuxClock& clock = *new LinuxClock;  // never destroyed: threads may outlive main
  return clock;
}

}  // namespace lambent::os
