// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"

#include "profiler/metrics/metric.h"

namespace lambent {

// How much to read: every /proc file costs 1-9 µs of the function's CPU.
enum class MetricsScope {
  kCadence,   // what moves fast of the runtime: CPU, run-queue wait, resident memory
  kBoundary,  // everything, of everybody, at phase boundaries
};

// Reads metrics of the runtime process, of ourselves and of the environment: the seam between the
// readers of /proc and the session. Confined to the sampler thread.
class MetricsSource {
 public:
  virtual ~MetricsSource() = default;

  // Reads once and calls `sink` for each role that could be read. `runtime_pid` 0: none known yet,
  // its readings are left out. Never fails: what cannot be read is absent from the reading.
  virtual void Read(MetricsScope scope, int32_t runtime_pid,
                    absl::FunctionRef<void(const MetricReading&)> sink) = 0;
};

}  // namespace lambent
