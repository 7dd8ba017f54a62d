// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/time/time.h"

#include "profiler/os/clock.h"

namespace lambent::fakes {

// A clock that stands still until told otherwise. Thread-compatible.
class FakeClock final : public os::Clock {
 public:
  int64_t MonotonicNs() const override { return monotonic_ns_; }
  absl::Time UnixTime() const override { return unix_time_; }
  int64_t SelfCpuNs() const override { return self_cpu_ns_; }
  int64_t ThreadCpuNs() const override { return self_cpu_ns_; }
  // Time jumps to the deadline at once.
  void SleepUntil(int64_t deadline_ns) override {
    if (deadline_ns > monotonic_ns_) Advance(absl::Nanoseconds(deadline_ns - monotonic_ns_));
  }

  void Advance(absl::Duration by) {
    monotonic_ns_ += absl::ToInt64Nanoseconds(by);
    unix_time_ += by;
  }
  // A frozen Lambda environment: both clocks go on, nothing of ours runs.
  void Freeze(absl::Duration length) { Advance(length); }
  void UseCpu(absl::Duration by) { self_cpu_ns_ += absl::ToInt64Nanoseconds(by); }

 private:
  int64_t monotonic_ns_ = 1'000'000'000;
  absl::Time unix_time_ = absl::FromUnixSeconds(1'800'000'000);
  int64_t self_cpu_ns_ = 0;
};

}  // namespace lambent::fakes
