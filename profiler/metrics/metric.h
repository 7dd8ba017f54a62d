// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace lambent {

// What is measured, with units in the names. Values equal lambent.v1.Metric, which documents each.
enum class Metric : uint8_t {
  kUnspecified = 0,
  kCpuUserUs = 1,
  kCpuSystemUs = 2,
  kRunQueueWaitUs = 3,
  kRssBytes = 4,
  kRssPeakBytes = 5,
  kMinorFaults = 6,
  kMajorFaults = 7,
  kVoluntarySwitches = 8,
  kInvoluntarySwitches = 9,
  kReadBytes = 10,
  kWriteBytes = 11,
  kThreads = 12,
  kOpenFiles = 13,
  kNetworkReceivedBytes = 14,
  kNetworkSentBytes = 15,
  kTmpUsedBytes = 16,
  kTmpLimitBytes = 17,
  kOpenFilesLimit = 18,
  kMemoryLimitBytes = 19,
};

inline constexpr int kMetricCount = 20;

// Whom a reading describes. Values equal lambent.v1.ProcessRole.
enum class ProcessRole : uint8_t {
  kUnspecified = 0,
  kRuntime = 1,
  kExtension = 2,
  kEnvironment = 3
};

// One reading of one process's (or the environment's) metrics. A value.
struct MetricReading {
  ProcessRole role = ProcessRole::kUnspecified;
  int32_t pid = 0;
  int64_t time_ns = 0;  // MonotonicNs
  std::array<int64_t, kMetricCount> values{};
  uint32_t present = 0;  // bit m: values[m] was read

  void Set(Metric metric, int64_t value) {
    values[static_cast<size_t>(metric)] = value;
    present |= 1u << static_cast<unsigned>(metric);
  }
  bool has(Metric metric) const { return (present >> static_cast<unsigned>(metric) & 1u) != 0; }
  int64_t of(Metric metric) const { return values[static_cast<size_t>(metric)]; }
};

}  // namespace lambent
