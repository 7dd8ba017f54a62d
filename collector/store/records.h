// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "collector/receive/validated_batch.h"
#include "collector/store/stored_samples.h"
#include "profiler/base/drop_reason.h"
#include "profiler/base/frame_kind.h"
#include "profiler/base/phase.h"

// What the store answers. Values. Times are µs since the Unix epoch, 0: unknown.
namespace lambent::collector {

// Which samples or invocations. Empty and zero fields do not restrict.
struct SampleFilter {
  std::string function_name;
  std::string function_version;
  std::string request_id;
  uint32_t attempt = 0;        // of that request id, InvocationRecord.attempt
  std::string environment_id;  // 16 raw bytes
  std::vector<Phase> phases;
  int64_t since_us = 0;
  int64_t until_us = 0;
  std::optional<bool> cold;
  uint32_t status = 0;  // lambent.v1.InvocationStatus
};

struct FunctionRecord {
  std::string name;
  std::string version;
  std::string runtime;
  uint64_t environments = 0;
  uint64_t invocations = 0;
  uint64_t failures = 0;  // every status but success and unknown
  uint64_t samples = 0;
  int64_t last_seen_us = 0;
};

struct InvocationRecord {
  std::string request_id;
  // Of `attempts` invocations of this request id and function, wherever they ran, this is the n-th
  // to start, from 1. More than one: the platform tried an asynchronous event again.
  uint32_t attempt = 1;
  uint32_t attempts = 1;
  std::string function_name;
  std::string function_version;
  std::string environment_id;  // 16 raw bytes
  uint32_t status = 0;         // lambent.v1.InvocationStatus
  std::string error_type;
  bool cold = false;
  int64_t start_us = 0;
  int64_t end_us = 0;  // as far as known: its end, else its last sample
  int64_t duration_us = 0;
  int64_t billed_duration_us = 0;
  int64_t init_duration_us = 0;  // only when cold
  uint32_t memory_size_mb = 0;
  uint32_t max_memory_used_mb = 0;
  uint64_t samples = 0;  // in all its phases; init too when cold
  DropCounts drops;
  std::vector<std::string> losses;  // what was lost of its events and metrics, in words
  Cost cost;
};

// Samples of one segment with what they belong to.
struct SegmentRecord {
  int64_t id = 0;
  Phase phase = Phase::kUnspecified;
  int64_t start_us = 0;
  uint64_t observations = 0;
  DropCounts drops;
  Cost cost;
  StoredSamples samples;
};

struct FrameRecord {
  FrameKind kind = FrameKind::kUnknown;
  std::string name;
  std::string file;
  uint32_t line = 0;  // first of the function
  std::string module;
  uint64_t address = 0;
  uint32_t current_line = 0;      // being executed; 0: not recorded
  std::string module_build_id{};  // raw bytes; may be empty
  uint64_t code_address = 0;      // being executed; 0: not recorded
};

// Stacks as parent links, closed under "parent of".
struct StackForest {
  struct Stack {
    int64_t parent = 0;  // 0: the empty stack
    int64_t frame = 0;   // 0: the unknown frame
  };
  absl::flat_hash_map<int64_t, Stack> stacks;
  absl::flat_hash_map<int64_t, FrameRecord> frames;
};

struct MetricsRecord {
  uint32_t role = 0;  // lambent.v1.ProcessRole
  uint32_t pid = 0;
  StoredMetrics metrics;
};

// One batch of an environment that was refused.
struct RejectedBatch {
  uint64_t sequence = 0;
  std::string reason;
};

struct RejectionRecord {
  std::string environment_id;
  uint64_t sequence = 0;
  uint64_t samples = 0;  // as its sender claimed
  int64_t received_us = 0;
  std::string reason;
};

// How much of it there is.
struct StoreTotals {
  uint64_t bytes = 0;  // of the database and its log
  uint64_t environments = 0;
  uint64_t batches = 0;
  uint64_t rejected = 0;
};

}  // namespace lambent::collector
