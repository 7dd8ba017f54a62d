// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "profiler/metrics/metrics_source.h"

namespace lambent {

// When to read which metrics: what moves fast at each phase boundary and at a cadence, everything
// when something was answered or ended. Reading everything costs about what six looks at a thread
// do, so it is done neither too often nor, while nothing but the cadence asks, too seldom. Pure;
// times are MonotonicNs.
class MetricsSchedule {
 public:
  static constexpr int64_t kReadAllSeldomNs = 250'000'000;
  static constexpr int64_t kReadAllOftenNs = 1'000'000'000;

  explicit MetricsSchedule(int64_t cadence_ns) : cadence_ns_(cadence_ns) {}

  // A phase began: its figures are wanted at the next Take.
  void AtBoundary(MetricsScope scope) {
    if (boundary_ != MetricsScope::kBoundary) boundary_ = scope;
  }

  // What is to be read now; none: nothing. The caller reads it.
  std::optional<MetricsScope> Take(int64_t now_ns) {
    if (!boundary_.has_value() && now_ns < next_ns_) return std::nullopt;
    const int64_t since_all_ns = now_ns - all_ns_;
    const bool all = boundary_.has_value()
                         ? *boundary_ == MetricsScope::kBoundary && since_all_ns >= kReadAllSeldomNs
                         : since_all_ns >= kReadAllOftenNs;
    boundary_.reset();
    next_ns_ = now_ns + cadence_ns_;
    if (all) all_ns_ = now_ns;
    return all ? MetricsScope::kBoundary : MetricsScope::kCadence;
  }

 private:
  const int64_t cadence_ns_;
  std::optional<MetricsScope> boundary_ = MetricsScope::kBoundary;
  int64_t next_ns_ = 0;
  int64_t all_ns_ = -kReadAllOftenNs;
};

}  // namespace lambent
