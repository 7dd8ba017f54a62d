// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/receive/cost.h"
#include "profiler/base/drop_reason.h"
#include "profiler/base/frame_kind.h"
#include "profiler/base/phase.h"
#include "profiler/base/rung.h"
#include "profiler/base/thread_state.h"

// A batch after validation, as plain values: every index is in range, every column of a table has
// the table's length, every enum is known or unspecified, every time and sum fits int64_t.
namespace lambent::collector {

// Entries appended to the environment's dictionary. Indices mean the tables with these appended.
struct ValidatedDictionary {
  struct Module {
    uint32_t path = 0;  // string
    std::string build_id;
  };
  struct Frame {
    FrameKind kind = FrameKind::kUnknown;
    uint32_t name = 0;  // string
    uint32_t file = 0;  // string
    uint32_t line = 0;
    uint32_t current_line = 0;
    uint32_t module = 0;
    uint64_t address = 0;
    uint64_t code_address = 0;
  };
  struct Stack {
    uint32_t parent = 0;  // stack, smaller than this one's index
    uint32_t frame = 0;
    uint16_t depth = 0;  // frames from the root to here, at most kMaxStackFrames
  };
  struct Thread {
    uint32_t pid = 0;
    uint32_t tid = 0;
    uint32_t name = 0;  // string
  };

  std::vector<std::string> strings;
  std::vector<Module> modules;
  std::vector<Frame> frames;
  std::vector<Stack> stacks;
  std::vector<Thread> threads;
};

// Samples as columns of equal length; see lambent.v1.SampleColumns.
struct ValidatedSamples {
  std::vector<int64_t> start_us;  // since the Unix epoch
  std::vector<uint32_t> thread;   // dictionary index
  std::vector<uint32_t> stack;    // dictionary index
  std::vector<uint32_t> observations;
  std::vector<uint32_t> wall_us;
  std::vector<uint32_t> cpu_us;
  std::vector<uint32_t> run_queue_us;  // at most wall_us
  std::vector<ThreadState> state;
  std::vector<Rung> rung;
  std::vector<bool> partial;

  size_t rows() const { return start_us.size(); }
};

struct ValidatedSegment {
  std::string request_id;  // empty: outside an invocation
  Phase phase = Phase::kUnspecified;
  int64_t start_unix_us = 0;
  ValidatedSamples samples;
  uint64_t observations = 0;  // Σ samples.observations
  DropCounts drops;
  Cost cost;
};

// Readings of one process; every column has times_unix_us's length.
struct ValidatedMetrics {
  struct Column {
    uint32_t metric = 0;  // lambent.v1.Metric; 0 and unknown ones were left out
    std::vector<int64_t> values;
  };
  uint32_t role = 0;  // lambent.v1.ProcessRole
  uint32_t pid = 0;
  std::vector<int64_t> times_unix_us;
  std::vector<Column> columns;
};

// See lambent.v1.InvocationEvent; events of unknown kinds were left out.
struct ValidatedEvent {
  uint32_t kind = 0;
  int64_t time_unix_us = 0;
  std::string request_id;
  uint32_t status = 0;  // lambent.v1.InvocationStatus
  std::string error_type;
  std::string reason;
  int64_t duration_us = 0;
  int64_t billed_duration_us = 0;
  int64_t init_duration_us = 0;
  uint32_t memory_size_mb = 0;
  uint32_t max_memory_used_mb = 0;
  int64_t deadline_unix_us = 0;
};

struct ValidatedBatch {
  uint64_t sequence = 0;
  uint32_t epoch = 0;
  bool starts_epoch = false;  // the tables start empty with this batch
  ValidatedDictionary dictionary;
  std::vector<ValidatedSegment> segments;
  std::vector<ValidatedMetrics> metrics;
  std::vector<ValidatedEvent> events;
  uint64_t samples = 0;  // Σ observations
};

}  // namespace lambent::collector
