// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "profiler/base/drop_reason.h"
#include "profiler/base/rung.h"
#include "profiler/base/thread_state.h"
#include "profiler/stacks/stack.h"

namespace lambent {

// The outcome of one observation of one thread at one tick: a sample, or a counted reason for none.
// What the ladder hands to the aggregator.
struct ThreadSample {
  int32_t pid = 0;
  int32_t tid = 0;
  // MonotonicNs of the observation.
  int64_t time_ns = 0;
  // Wall time since the thread's previous observation (its weight), ns.
  int64_t wall_ns = 0;
  // CPU time the thread used since its previous observation, ns.
  int64_t cpu_ns = 0;
  // Part of wall_ns in which the thread could run and waited for a CPU, ns. The kernel tells of a
  // wait when it ends: what would not fit beside cpu_ns is told with the next observation, and left
  // out once the thread sleeps.
  int64_t run_queue_ns = 0;
  ThreadState state = ThreadState::kUnspecified;
  Rung rung = Rung::kMetricsOnly;
  // Native frames were to be among the interpreter's and are not: the time of C functions counts as
  // that of their Python callers. False where they cannot be had at all, or are not wanted.
  bool partial = false;
  // kUnspecified: a sample, `stack` is set (for Rung::kUnchanged it is the thread's previous
  // stack). Otherwise the reason why there is none, and `stack` is null.
  DropReason drop = DropReason::kUnspecified;
  // Owned by the ladder, valid until the thread's next observation.
  const Stack* stack = nullptr;
  // Thread name (comm), owned by the ladder.
  StringId thread_name{};
  // Time the thread was held stopped for this observation, ns.
  int64_t stopped_ns = 0;
};

}  // namespace lambent
