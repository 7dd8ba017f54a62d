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

  // Nobody ran for `frozen_ns`, until `now_ns`: the tick to come is at a random moment of the next
  // period. Were it due at once, short invocations would be seen at their first moment only.
  void Thaw(int64_t now_ns, int64_t frozen_ns);

  // Brings the tick to come forward to a random moment of the next `within_ns`, but not closer than
  // that to the tick before.
  void LookWithin(int64_t now_ns, int64_t within_ns);

 private:
  int64_t Jitter();

  int64_t period_ns_;
  std::minstd_rand random_;
  int64_t grid_ns_;  // the tick to come, without jitter
  int64_t next_ns_;
  int64_t last_ns_;  // the tick before; later by as much as was frozen since
};

}  // namespace lambent
