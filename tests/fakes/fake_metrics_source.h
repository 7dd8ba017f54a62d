// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "profiler/metrics/metrics_source.h"
#include "profiler/os/clock.h"

namespace lambent::fakes {

// Resident memory that grows by a page a reading. Remembers what was asked for. Thread-compatible.
class FakeMetricsSource final : public MetricsSource {
 public:
  explicit FakeMetricsSource(const os::Clock& clock) : clock_(clock) {}

  const std::vector<MetricsScope>& asked() const { return asked_; }
  // Gives each reading so often from here on, as if there were that many processes.
  void Repeat(int times) { times_ = times; }

  void Read(MetricsScope scope, int32_t runtime_pid,
            absl::FunctionRef<void(const MetricReading&)> sink) override {
    asked_.push_back(scope);
    MetricReading reading;
    reading.role = runtime_pid == 0 ? ProcessRole::kExtension : ProcessRole::kRuntime;
    reading.pid = runtime_pid;
    reading.time_ns = clock_.MonotonicNs();
    reading.Set(Metric::kRssBytes, static_cast<int64_t>(asked_.size()) * 4096);
    if (scope == MetricsScope::kBoundary) reading.Set(Metric::kThreads, 3);
    for (int i = 0; i < times_; ++i) sink(reading);
  }

 private:
  const os::Clock& clock_;
  std::vector<MetricsScope> asked_;
  int times_ = 1;
};

}  // namespace lambent::fakes
