// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/invocation_facts.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "lambent/v1/profile.pb.h"

namespace lambent::collector {
namespace {

void SetStatus(uint32_t status, StatusSource source, std::string_view error_type,
               InvocationFacts& facts) {
  if (status == v1::INVOCATION_STATUS_UNSPECIFIED || source <= facts.status_source) return;
  facts.status = status;
  facts.status_source = source;
  facts.error_type = std::string(error_type);
}

void SetStart(int64_t time_us, uint32_t rank, InvocationFacts& facts) {
  if (rank <= facts.start_rank) return;
  facts.start_us = time_us;
  facts.start_rank = rank;
}

// Reasons of the Extensions API's SHUTDOWN event: spindown, timeout, failure.
uint32_t StatusOfShutdown(std::string_view reason) {
  if (reason == "timeout") return v1::INVOCATION_STATUS_TIMEOUT;
  if (reason == "failure") return v1::INVOCATION_STATUS_FAILURE;
  return v1::INVOCATION_STATUS_UNSPECIFIED;
}

// The platform's figures when given; a report's replace runtimeDone's.
template <typename T>
void Take(T given, T& kept) {
  if (given != 0) kept = given;
}

}  // namespace

void Apply(const ValidatedEvent& event, InvocationFacts& facts) {
  switch (event.kind) {
    case v1::InvocationEvent::INVOKE:
      SetStart(event.time_unix_us, 3, facts);
      Take(event.deadline_unix_us, facts.deadline_us);
      break;
    case v1::InvocationEvent::START:
      SetStart(event.time_unix_us, 2, facts);
      break;
    case v1::InvocationEvent::RUNTIME_DONE:
      SetStatus(event.status, StatusSource::kPlatform, event.error_type, facts);
      Take(event.time_unix_us, facts.end_us);
      Take(event.duration_us, facts.duration_us);
      break;
    case v1::InvocationEvent::REPORT:
      SetStatus(event.status, StatusSource::kPlatform, event.error_type, facts);
      Take(event.duration_us, facts.duration_us);
      Take(event.billed_duration_us, facts.billed_duration_us);
      Take(event.init_duration_us, facts.init_duration_us);
      Take(event.memory_size_mb, facts.memory_size_mb);
      Take(event.max_memory_used_mb, facts.max_memory_used_mb);
      break;
    case v1::InvocationEvent::SHUTDOWN:
      // An idle environment is shut down too: that says nothing of its last invocation.
      if (facts.status_source == StatusSource::kPlatform ||
          StatusOfShutdown(event.reason) == v1::INVOCATION_STATUS_UNSPECIFIED) {
        break;
      }
      SetStatus(StatusOfShutdown(event.reason), StatusSource::kShutdown, event.error_type, facts);
      if (facts.end_us == 0) facts.end_us = event.time_unix_us;
      break;
    default:
      break;
  }
}

int64_t EndOf(const ValidatedSegment& segment) {
  int64_t end = segment.start_unix_us + static_cast<int64_t>(segment.cost.wall_us);
  for (const int64_t start : segment.samples.start_us) end = std::max(end, start);
  return end;
}

void Apply(const ValidatedSegment& segment, InvocationFacts& facts) {
  if (segment.phase != Phase::kInvoke) return;
  SetStart(segment.start_unix_us, 1, facts);
  if (facts.start_rank == 1) facts.start_us = std::min(facts.start_us, segment.start_unix_us);
  facts.last_sample_us = std::max(facts.last_sample_us, EndOf(segment));
  if (facts.deadline_us > 0 && facts.end_us == 0 && facts.last_sample_us >= facts.deadline_us) {
    SetStatus(v1::INVOCATION_STATUS_TIMEOUT, StatusSource::kDeadlinePassed, "", facts);
  }
}

}  // namespace lambent::collector
