// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "extensions/lambda_api/telemetry_event.h"

namespace lambent {

// What one POST of the platform held.
struct TelemetryBatch {
  std::vector<TelemetryEvent> events;
  uint64_t ignored = 0;    // of types Lambent has no use for
  uint64_t malformed = 0;  // not JSON, or without type, time or record
};

// Reads the JSON array that the Telemetry API posts. The bytes are not trusted: events are read one
// by one, so that a bad one costs only itself, and a body cut short still gives those before the
// cut. Pure.
TelemetryBatch ParseTelemetryBatch(std::string_view body);

// Reads "2026-05-04T10:00:02.764Z" into microseconds since the Unix epoch. kInvalidArgument for
// anything else and for years before 2000 or from 2200.
absl::StatusOr<int64_t> ParseTelemetryTime(std::string_view text);

}  // namespace lambent
