// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace lambent {

// How an invocation (or the init phase) ended. Values equal lambent.v1.InvocationStatus.
enum class InvocationStatus : uint8_t {
  kUnspecified = 0,
  kSuccess = 1,
  kError = 2,
  kTimeout = 3,
  kFailure = 4,
};

// Something the platform or the extension saw happen. A value; mirrors lambent.v1.InvocationEvent,
// which documents the meaning of every field by kind, without protobuf.
struct InvocationEvent {
  // Values equal lambent.v1.InvocationEvent.Kind.
  enum class Kind : uint8_t {
    kUnspecified = 0,
    kInitStart = 1,
    kInitRuntimeDone = 2,
    kInitReport = 3,
    kInvoke = 4,
    kStart = 5,
    kRuntimeDone = 6,
    kReport = 7,
    kShutdown = 8,
    kFreeze = 9,
    kTelemetryDropped = 10,
  };
  Kind kind = Kind::kUnspecified;
  // When; by the platform's clock for platform events.
  absl::Time time = absl::UnixEpoch();
  // Longer texts are cut at kMaxEventTextBytes by the encoder.
  std::string request_id;
  InvocationStatus status = InvocationStatus::kUnspecified;
  std::string error_type;
  std::string reason;
  // Zero: not given.
  absl::Duration duration = absl::ZeroDuration();
  absl::Duration billed_duration = absl::ZeroDuration();
  absl::Duration init_duration = absl::ZeroDuration();
  uint32_t memory_size_mb = 0;
  uint32_t max_memory_used_mb = 0;
  // absl::UnixEpoch(): not given.
  absl::Time deadline = absl::UnixEpoch();
};

// Bound of each text of an event on the wire.
inline constexpr size_t kMaxEventTextBytes = 256;

// The event that tells of other events, or of metric readings, that were lost on the way.
inline InvocationEvent LossEvent(absl::Time time, std::string what_and_why) {
  InvocationEvent event;
  event.kind = InvocationEvent::Kind::kTelemetryDropped;
  event.time = time;
  event.reason = std::move(what_and_why);
  return event;
}

}  // namespace lambent
