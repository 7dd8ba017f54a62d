// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "profiler/stacks/process_sampler.h"

namespace lambent {

// Finds the runtime process and attaches to it. Called on the sampler thread: about each
// millisecond until the process appears, then more slowly; NotFound means "not yet". Called again
// after a sampled process has ended (a runtime that restarts).
using SamplerFactory = std::function<absl::StatusOr<std::unique_ptr<ProcessSampler>>()>;

// What a session does and how much it may cost. A value.
struct SessionOptions {
  // Ticks per second wished for, 1..1000. The governor may take fewer, never more.
  uint32_t sample_hz = 99;
  // Share of the runtime's wall time (of one CPU) that own CPU and stop time may take together.
  double overhead_budget = 0.01;
  // Cadence of MetricsScope::kCadence readings; boundaries are read besides.
  absl::Duration metrics_interval = absl::Milliseconds(100);
  // A batch is cut at least this often while the environment runs and something is settled.
  absl::Duration batch_interval = absl::Seconds(1);
  // A batch is cut early when this many rows are settled.
  size_t batch_rows = 8192;
  // Telemetry is this late at most (25 ms of buffering and delivery): samples younger than this, in
  // un-frozen time, wait for their phase.
  absl::Duration settle_lag = absl::Milliseconds(150);
  // Seed of the jitter; two environments should differ.
  uint64_t seed = 0x9e3779b97f4a7c15;
};

}  // namespace lambent
