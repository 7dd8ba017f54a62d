// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "profiler/base/drop_reason.h"
#include "profiler/base/phase.h"
#include "profiler/base/rung.h"
#include "profiler/base/thread_state.h"

namespace lambent {

// Samples of a segment, one row a run of observations of one thread with equal stack, state,
// rung and mark, in order of time. Columns, because the encoder goes through them one by one.
struct SampleRows {
  std::vector<int64_t> start_ns;  // MonotonicNs
  std::vector<int64_t> wall_ns;
  std::vector<int64_t> cpu_ns;
  std::vector<int64_t> run_queue_ns;  // part of wall_ns
  std::vector<uint32_t> thread;       // index into ThreadTable
  std::vector<uint32_t> stack;        // node of StackTrie
  std::vector<uint32_t> observations;
  std::vector<ThreadState> state;
  std::vector<Rung> rung;
  std::vector<uint8_t> partial;  // 1: ThreadSample::partial

  size_t size() const { return start_ns.size(); }
};

// What profiling cost; see lambent.v1.SelfCost.
struct SelfCost {
  int64_t wall_ns = 0;
  int64_t self_cpu_ns = 0;
  int64_t stopped_ns = 0;
  int64_t target_cpu_ns = 0;
  int64_t ticks = 0;
  int64_t sampled_ns = 0;
  int64_t asked_microticks = 0;
  int64_t allowed_microticks = 0;

  // A tick that looked at a process, wall_ns after the one before it, where one each
  // `asked_period_ns` was asked for and the budget allowed one each `allowed_period_ns`.
  void CountTick(int64_t asked_period_ns, int64_t allowed_period_ns) {
    const double scaled_ns = 1e6 * static_cast<double>(wall_ns);
    ++ticks;
    sampled_ns += wall_ns;
    asked_microticks += static_cast<int64_t>(scaled_ns / static_cast<double>(asked_period_ns));
    allowed_microticks += static_cast<int64_t>(scaled_ns / static_cast<double>(allowed_period_ns));
  }

  void Add(const SelfCost& other) {
    wall_ns += other.wall_ns;
    self_cpu_ns += other.self_cpu_ns;
    stopped_ns += other.stopped_ns;
    target_cpu_ns += other.target_cpu_ns;
    ticks += other.ticks;
    sampled_ns += other.sampled_ns;
    asked_microticks += other.asked_microticks;
    allowed_microticks += other.allowed_microticks;
  }
};

// One stretch of one phase of one invocation, or the part of it since the last batch.
struct Segment {
  uint64_t stretch_id = 0;
  Phase phase = Phase::kUnspecified;
  std::string request_id;
  int64_t start_ns = 0;  // MonotonicNs
  SampleRows rows;
  uint64_t observations = 0;  // Σ rows.observations
  DropCounts drops;
  SelfCost cost;
};

}  // namespace lambent
