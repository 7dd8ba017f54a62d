// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent {

// What one tick cost, in ns, and how far it lies from the tick before.
struct TickCost {
  int64_t wall_ns = 0;      // un-frozen time since the tick before
  int64_t self_cpu_ns = 0;  // own CPU time since then, all threads
  int64_t stopped_ns = 0;   // how long threads of the target were held
  // Nothing but a look was done in that time: it is what a look costs.
  bool only_looked = false;
};

// Keeps what profiling takes within its budget by stretching the sampling period. Pure.
//
// The budget is a share of un-frozen wall time, of own CPU plus stop time. Part of the cost comes
// with each look, part comes anyway (metrics, sending): the period is the shortest at which the
// looks fit into what the rest leaves of the budget, so that it is lowered before a budget is
// overdrawn, and raised again as soon as looks or the rest get cheaper. A quarter of the budget is
// always left to the looks.
class BudgetGovernor {
 public:
  // At 99 Hz: never slower than about three samples a second.
  static constexpr int64_t kMaxStretch = 32;

  explicit BudgetGovernor(double budget) : budget_(budget) {}

  void Add(const TickCost& cost);

  // The period to sample with where `wished_ns` is asked for: as long or longer.
  int64_t PeriodNs(int64_t wished_ns) const;

 private:
  // Ticks that a look's cost is averaged over.
  static constexpr double kLooks = 16;
  // Un-frozen time that the rest is averaged over.
  static constexpr double kHorizonNs = 4e9;

  const double budget_;
  // At first what a look at one Python thread costs on a busy machine, measured: the first one may
  // fall together with the start of something dear.
  double look_cpu_ns_ = 80e3;
  double look_stopped_ns_ = 0;
  double wall_ns_ = 0;   // with forgetting, as is
  double other_ns_ = 0;  // what was spent besides looks in wall_ns_
};

}  // namespace lambent
