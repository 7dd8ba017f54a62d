// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace lambent {

// How the platform says that something ended (field "status" of platform.* events).
enum class PlatformStatus { kUnspecified, kSuccess, kError, kTimeout, kFailure };

// Records of the Telemetry API (schemas 2022-12-13 and 2025-01-29) that Lambent uses. Durations are
// microseconds; 0 and empty mean "not given". Strings are cut to 256 bytes and may hold any byte.
struct PlatformInitStart {
  std::string initialization_type;
  std::string phase;            // "init"; "invoke" for an init repeated inside an invocation
  std::string runtime_version;  // for instance "python:3.12.v38"
};
struct PlatformInitRuntimeDone {
  PlatformStatus status = PlatformStatus::kUnspecified;
  std::string error_type;
};
struct PlatformInitReport {
  PlatformStatus status = PlatformStatus::kUnspecified;
  std::string error_type;
  int64_t duration_us = 0;
};
struct PlatformStart {
  std::string request_id;
};
struct PlatformRuntimeDone {
  std::string request_id;
  PlatformStatus status = PlatformStatus::kUnspecified;
  std::string error_type;
  int64_t duration_us = 0;
};
struct PlatformReport {
  std::string request_id;
  PlatformStatus status = PlatformStatus::kUnspecified;
  std::string error_type;
  int64_t duration_us = 0;
  int64_t billed_duration_us = 0;
  int64_t init_duration_us = 0;
  int64_t memory_size_mb = 0;
  int64_t max_memory_used_mb = 0;
};
struct PlatformLogsDropped {
  std::string reason;
};

using TelemetryRecord =
    std::variant<PlatformInitStart, PlatformInitRuntimeDone, PlatformInitReport, PlatformStart,
                 PlatformRuntimeDone, PlatformReport, PlatformLogsDropped>;

// One event; `time_unix_us` is when the platform generated it, not when it arrived.
struct TelemetryEvent {
  int64_t time_unix_us = 0;
  TelemetryRecord record;
};

}  // namespace lambent
