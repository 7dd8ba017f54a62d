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

// Samples of a segment, one row a run of observations of one thread with equal stack, state and
// rung, in order of time. Columns, because the encoder goes through them one by one.
struct SampleRows {
  std::vector<int64_t> start_ns;  // MonotonicNs
  std::vector<int64_t> wall_ns;
  std::vector<int64_t> cpu_ns;
  std::vector<int64_t> run_queue_ns;  // part of wall_ns
  std::vector<uint32_t> thread;  // index into ThreadTable
  std::vector<uint32_t> stack;   // node of StackTrie
  std::vector<uint32_t> observations;
  std::vector<ThreadState> state;
  std::vector<Rung> rung;

  size_t size() const { return start_ns.size(); }
};

// What profiling cost; see lambent.v1.SelfCost.
struct SelfCost {
  int64_t wall_ns = 0;
  int64_t self_cpu_ns = 0;
  int64_t stopped_ns = 0;
  int64_t target_cpu_ns = 0;

  void Add(const SelfCost& other) {
    wall_ns += other.wall_ns;
    self_cpu_ns += other.self_cpu_ns;
    stopped_ns += other.stopped_ns;
    target_cpu_ns += other.target_cpu_ns;
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
