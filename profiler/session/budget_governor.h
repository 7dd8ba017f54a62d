// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent {

// Keeps what profiling takes within its budget by dividing the sampling rate. Pure.
//
// Cost is own CPU plus the time the target's threads were held stopped, as a share of un-frozen
// wall time, measured over whole windows of a second. Above the budget the divisor grows at once to
// what would fit; below half of it, it falls by one a window: quick to spare, slow to spend.
class BudgetGovernor {
 public:
  static constexpr int64_t kWindowNs = 1'000'000'000;
  // At 99 Hz: never slower than about three samples a second.
  static constexpr uint32_t kMaxDivisor = 32;

  explicit BudgetGovernor(double budget) : budget_(budget) {}

  // Takes what one tick cost. True when the divisor has changed.
  bool Add(int64_t wall_ns, int64_t self_cpu_ns, int64_t stopped_ns);

  // Sampling period = wished period × divisor.
  uint32_t divisor() const { return divisor_; }

 private:
  const double budget_;
  uint32_t divisor_ = 1;
  int64_t wall_ns_ = 0;
  int64_t cost_ns_ = 0;
};

}  // namespace lambent
