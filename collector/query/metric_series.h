// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "collector/store/records.h"

namespace lambent::collector {

// One metric of one process, in time order. A value.
struct MetricSeries {
  uint32_t role = 0;  // lambent.v1.ProcessRole
  uint32_t pid = 0;
  uint32_t metric = 0;  // lambent.v1.Metric
  std::vector<int64_t> times_us;
  std::vector<int64_t> values;
};

// Joins what the store keeps in pieces: one series a process and metric. Readings outside
// [since_us, until_us] are left out (until_us 0: open). Thread-compatible.
class SeriesJoiner {
 public:
  void Add(const MetricsRecord& record, int64_t since_us, int64_t until_us);
  // Ordered by role, pid and metric.
  std::vector<MetricSeries> Join();

 private:
  std::vector<MetricSeries> pieces_;
};

// What the runtime process used during an invocation, from readings at its boundaries; 0: unknown.
struct InvocationUse {
  int64_t cpu_us = 0;
  int64_t run_queue_wait_us = 0;
  int64_t rss_peak_bytes = 0;
};

// Counters: the reading nearest the end minus the one nearest the start. The peak: the highest
// resident size read between them, or the process's high-water mark when that rose in the meantime.
// Pure.
InvocationUse UseBetween(const std::vector<MetricSeries>& series, int64_t start_us, int64_t end_us);

}  // namespace lambent::collector
