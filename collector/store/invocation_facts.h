// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "collector/receive/validated_batch.h"

namespace lambent::collector {

// How sure an invocation's status is; a surer source wins, an equal one does not replace.
enum class StatusSource : uint8_t {
  kNone = 0,
  kDeadlinePassed = 1,  // it was still running when its deadline had passed
  kShutdown = 2,        // the reason the platform gave when it shut the environment down
  kPlatform = 3,        // platform.runtimeDone or platform.report
};

// What events say of one invocation so far. A value; columns of table invocations.
struct InvocationFacts {
  int64_t start_us = 0;     // 0: unknown
  uint32_t start_rank = 0;  // 1: a segment's start, 2: platform.start, 3: INVOKE was received
  int64_t end_us = 0;
  int64_t deadline_us = 0;
  int64_t last_sample_us = 0;  // latest time a sample of its invoke phase reaches
  uint32_t status = 0;         // lambent.v1.InvocationStatus
  StatusSource status_source = StatusSource::kNone;
  std::string error_type;
  int64_t duration_us = 0;
  int64_t billed_duration_us = 0;
  int64_t init_duration_us = 0;
  uint32_t memory_size_mb = 0;
  uint32_t max_memory_used_mb = 0;
};

// Merges one event of this invocation. A SHUTDOWN counts when the invocation was running. Pure.
void Apply(const ValidatedEvent& event, InvocationFacts& facts);

// Merges one segment of this invocation. Pure.
void Apply(const ValidatedSegment& segment, InvocationFacts& facts);

// Where the last sample of `segment` ends, µs since the Unix epoch. Pure.
int64_t EndOf(const ValidatedSegment& segment);

}  // namespace lambent::collector
