// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"

#include "extensions/local/machine_action.h"
#include "extensions/local/telemetry_buffer.h"

namespace lambent::local {

// What the records say besides what the state machine knows.
struct RecordContext {
  std::string function_name;
  std::string function_version;
  std::string function_arn;
  std::string runtime_version;  // as "python:3.11.v1"; empty: not said
  std::string trace_id;         // of the current invocation
  int64_t memory_mb = 128;
};

// One telemetry event, ready to be sent, and the type to subscribe to for it.
struct TelemetryEvent {
  std::string category;  // platform, function, extension
  std::string type;      // as platform.start
  std::string json;      // the envelope
};

// The event for an action that is a telemetry fact, in the schema 2022-12-13 of the Telemetry API;
// nullopt for the other actions. Pure.
std::optional<TelemetryEvent> FactEvent(const MachineAction& action, const RecordContext& context,
                                        absl::Time now);

// A line that the function or an extension printed (`category` says which). What is not UTF-8 in it
// is replaced.
TelemetryEvent LineEvent(const std::string& category, const std::string& line, absl::Time now);

TelemetryEvent SubscriptionEvent(const std::string& extension, const Subscription& subscription,
                                 absl::Time now);
TelemetryEvent DroppedEvent(const TelemetryBuffer::Dropped& dropped, absl::Time now);

// ISO 8601 with milliseconds, UTC: 2026-05-04T10:00:02.764Z.
std::string IsoTime(absl::Time time);

}  // namespace lambent::local
