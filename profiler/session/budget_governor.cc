// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/budget_governor.h"

#include <algorithm>

namespace lambent {
namespace {

// Where a tick of nothing but a look costs so many times the usual, another thread of ours worked.
constexpr double kUnusual = 4;
// Share of the budget that is the looks' whatever the rest costs.
constexpr double kLeastShare = 0.25;

}  // namespace

void BudgetGovernor::Add(const TickCost& cost) {
  const auto cpu_ns = static_cast<double>(cost.self_cpu_ns);
  const double look_ns = std::min(cpu_ns, look_cpu_ns_ * (cost.only_looked ? kUnusual : 1));
  if (cost.only_looked) look_cpu_ns_ += (look_ns - look_cpu_ns_) / kLooks;
  look_stopped_ns_ += (static_cast<double>(cost.stopped_ns) - look_stopped_ns_) / kLooks;
  wall_ns_ += static_cast<double>(cost.wall_ns);
  other_ns_ += cpu_ns - look_ns;
  if (wall_ns_ > kHorizonNs) {
    other_ns_ *= kHorizonNs / wall_ns_;
    wall_ns_ = kHorizonNs;
  }
}

int64_t BudgetGovernor::PeriodNs(int64_t wished_ns) const {
  // Over the whole horizon from the start: what starting cost is not taken for the usual.
  const double room = std::max(budget_ - other_ns_ / kHorizonNs, budget_ * kLeastShare);
  const double least_ns = (look_cpu_ns_ + look_stopped_ns_) / room;
  return static_cast<int64_t>(std::clamp(least_ns, static_cast<double>(wished_ns),
                                         static_cast<double>(wished_ns * kMaxStretch)));
}

}  // namespace lambent
