// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

namespace lambent {

// When to sample next. Ticks lie on a grid of absolute deadlines (a late tick does not push the
// next ones back), each moved by up to a tenth of the period so that periodic work is not met
// always at the same point; ticks that were missed are left out, not caught up. Pure; times are
// MonotonicNs.
class SamplingSchedule {
 public:
  SamplingSchedule(int64_t period_ns, uint64_t seed, int64_t now_ns);

  // Takes effect with the next tick.
  void SetPeriod(int64_t period_ns) { period_ns_ = period_ns; }
  int64_t period_ns() const { return period_ns_; }

  // Deadline of the tick to come.
  int64_t next_ns() const { return next_ns_; }

  // A tick happens at `now_ns`; plans the next one.
  void Tick(int64_t now_ns);

 private:
  int64_t Jitter();

  int64_t period_ns_;
  std::minstd_rand random_;
  int64_t grid_ns_;  // the tick to come, without jitter
  int64_t next_ns_;
};

}  // namespace lambent
