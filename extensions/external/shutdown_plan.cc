// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/shutdown_plan.h"

#include <algorithm>

namespace lambent {
namespace {

constexpr absl::Duration kUsualBudget = absl::Seconds(2);
constexpr absl::Duration kMargin = absl::Milliseconds(300);
// Waiting took at most 40 ms where others measured it.
constexpr absl::Duration kTelemetryGrace = absl::Milliseconds(100);

}  // namespace

ShutdownPlan PlanShutdown(absl::Time now, absl::Time deadline) {
  absl::Duration budget = deadline - now;
  if (budget <= absl::ZeroDuration() || budget > 5 * kUsualBudget) budget = kUsualBudget;
  // Of a budget that is hardly there, at least half is used.
  const absl::Duration usable = std::max(budget - kMargin, budget / 2);
  const absl::Duration grace = std::min(kTelemetryGrace, usable / 4);
  return {now + grace, now + grace + (usable - grace) / 3, now + usable};
}

}  // namespace lambent
