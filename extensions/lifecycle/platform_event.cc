// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lifecycle/platform_event.h"

#include <algorithm>
#include <limits>
#include <variant>

namespace lambent {
namespace {

using Kind = InvocationEvent::Kind;

// Both enums list the platform's words in the same order.
static_assert(static_cast<int>(PlatformStatus::kUnspecified) ==
              static_cast<int>(InvocationStatus::kUnspecified));
static_assert(static_cast<int>(PlatformStatus::kSuccess) ==
              static_cast<int>(InvocationStatus::kSuccess));
static_assert(static_cast<int>(PlatformStatus::kError) ==
              static_cast<int>(InvocationStatus::kError));
static_assert(static_cast<int>(PlatformStatus::kTimeout) ==
              static_cast<int>(InvocationStatus::kTimeout));
static_assert(static_cast<int>(PlatformStatus::kFailure) ==
              static_cast<int>(InvocationStatus::kFailure));

InvocationStatus ToStatus(PlatformStatus status) { return static_cast<InvocationStatus>(status); }

uint32_t ToMegabytes(int64_t value) {
  return static_cast<uint32_t>(std::clamp<int64_t>(value, 0, std::numeric_limits<uint32_t>::max()));
}

absl::Time FromUnixMs(int64_t ms) { return ms == 0 ? absl::UnixEpoch() : absl::FromUnixMillis(ms); }

// Fills in what the kind of record adds to an event.
struct Fill {
  InvocationEvent& event;

  void operator()(const PlatformInitStart& record) const {
    event.kind = Kind::kInitStart;
    event.reason = record.phase;
  }
  void operator()(const PlatformInitRuntimeDone& record) const {
    event.kind = Kind::kInitRuntimeDone;
    event.status = ToStatus(record.status);
    event.error_type = record.error_type;
  }
  void operator()(const PlatformInitReport& record) const {
    event.kind = Kind::kInitReport;
    event.status = ToStatus(record.status);
    event.error_type = record.error_type;
    event.duration = absl::Microseconds(record.duration_us);
  }
  void operator()(const PlatformStart& record) const {
    event.kind = Kind::kStart;
    event.request_id = record.request_id;
  }
  void operator()(const PlatformRuntimeDone& record) const {
    event.kind = Kind::kRuntimeDone;
    event.request_id = record.request_id;
    event.status = ToStatus(record.status);
    event.error_type = record.error_type;
    event.duration = absl::Microseconds(record.duration_us);
  }
  void operator()(const PlatformReport& record) const {
    event.kind = Kind::kReport;
    event.request_id = record.request_id;
    event.status = ToStatus(record.status);
    event.error_type = record.error_type;
    event.duration = absl::Microseconds(record.duration_us);
    event.billed_duration = absl::Microseconds(record.billed_duration_us);
    event.init_duration = absl::Microseconds(record.init_duration_us);
    event.memory_size_mb = ToMegabytes(record.memory_size_mb);
    event.max_memory_used_mb = ToMegabytes(record.max_memory_used_mb);
  }
  void operator()(const PlatformLogsDropped& record) const {
    event.kind = Kind::kTelemetryDropped;
    event.reason = record.reason;
  }
};

}  // namespace

InvocationEvent FromTelemetry(const TelemetryEvent& event) {
  InvocationEvent result;
  result.time = absl::FromUnixMicros(event.time_unix_us);
  std::visit(Fill{result}, event.record);
  return result;
}

InvocationEvent FromInvoke(const InvokeEvent& event, absl::Time now) {
  InvocationEvent result;
  result.kind = Kind::kInvoke;
  result.time = now;
  result.request_id = event.request_id;
  result.deadline = FromUnixMs(event.deadline_unix_ms);
  return result;
}

InvocationEvent FromShutdown(const ShutdownEvent& event, absl::Time now) {
  InvocationEvent result;
  result.kind = Kind::kShutdown;
  result.time = now;
  result.reason = event.reason_text;
  result.deadline = FromUnixMs(event.deadline_unix_ms);
  return result;
}

}  // namespace lambent
