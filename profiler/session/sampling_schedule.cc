// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/sampling_schedule.h"

#include <algorithm>

namespace lambent {

SamplingSchedule::SamplingSchedule(int64_t period_ns, uint64_t seed, int64_t now_ns)
    : period_ns_(period_ns), random_(static_cast<uint32_t>(seed ^ (seed >> 32))), last_ns_(now_ns) {
  // The first tick at a random phase: environments that start together do not tick together.
  grid_ns_ = now_ns + static_cast<int64_t>(random_()) % period_ns_ + 1;
  next_ns_ = grid_ns_;
}

int64_t SamplingSchedule::Jitter() {
  const int64_t reach_ns = period_ns_ / 10;
  return reach_ns == 0 ? 0 : static_cast<int64_t>(random_()) % (2 * reach_ns + 1) - reach_ns;
}

void SamplingSchedule::Thaw(int64_t now_ns, int64_t frozen_ns) {
  last_ns_ += frozen_ns;
  grid_ns_ = next_ns_ = now_ns + static_cast<int64_t>(random_()) % period_ns_;
}

void SamplingSchedule::LookWithin(int64_t now_ns, int64_t within_ns) {
  const int64_t moment_ns = now_ns + static_cast<int64_t>(random_()) % within_ns;
  const int64_t soonest_ns = std::max(moment_ns, last_ns_ + within_ns);
  if (soonest_ns >= next_ns_) return;
  grid_ns_ = next_ns_ = soonest_ns;
}

void SamplingSchedule::Tick(int64_t now_ns) {
  last_ns_ = now_ns;
  grid_ns_ += period_ns_;
  if (grid_ns_ <= now_ns) {
    const int64_t missed = (now_ns - grid_ns_) / period_ns_ + 1;
    grid_ns_ += missed * period_ns_;
  }
  next_ns_ = std::max(grid_ns_ + Jitter(), now_ns + period_ns_ / 4);
}

}  // namespace lambent
