// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/budget_governor.h"

#include <algorithm>
#include <cmath>

namespace lambent {

bool BudgetGovernor::Add(int64_t wall_ns, int64_t self_cpu_ns, int64_t stopped_ns) {
  wall_ns_ += wall_ns;
  cost_ns_ += self_cpu_ns + stopped_ns;
  if (wall_ns_ < kWindowNs) return false;
  const double share = static_cast<double>(cost_ns_) / static_cast<double>(wall_ns_);
  wall_ns_ = cost_ns_ = 0;
  const uint32_t before = divisor_;
  if (share > budget_) {
    const double wanted = std::ceil(static_cast<double>(divisor_) * share / budget_);
    divisor_ = wanted >= kMaxDivisor ? kMaxDivisor : static_cast<uint32_t>(wanted);
  } else if (share < budget_ / 2 && divisor_ > 1) {
    --divisor_;
  }
  return divisor_ != before;
}

}  // namespace lambent
