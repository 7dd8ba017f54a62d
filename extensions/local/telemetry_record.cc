// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/telemetry_record.h"

#include <cmath>
#include <utility>

#include "nlohmann/json.hpp"

namespace lambent::local {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kInitType = "on-demand";
constexpr int64_t kMib = 1024 * 1024;

std::string Text(std::string_view view) { return std::string(view); }

// Microseconds are all the platform's reports carry.
double Rounded(double ms) { return std::round(ms * 1000) / 1000; }

TelemetryEvent Envelope(std::string category, std::string type, Json record, absl::Time now) {
  Json event = {{"time", IsoTime(now)}, {"type", type}, {"record", std::move(record)}};
  return {std::move(category), std::move(type),
          event.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace)};
}

void AddError(const std::string& error_type, Json* record) {
  if (!error_type.empty()) (*record)["errorType"] = error_type;
}

void AddTracing(const RecordContext& context, Json* record) {
  if (context.trace_id.empty()) return;
  (*record)["tracing"] = {{"type", "X-Amzn-Trace-Id"}, {"value", context.trace_id}};
}

// One overload for each telemetry fact; its type and its record.
struct RecordOf {
  const RecordContext& context;
  absl::Time now;
  using Made = std::optional<std::pair<std::string, Json>>;

  Made operator()(const InitStarted& fact) const {
    Json record = {{"initializationType", kInitType},
                   {"phase", Text(InitPhaseName(fact.phase))},
                   {"functionName", context.function_name},
                   {"functionVersion", context.function_version}};
    if (!context.runtime_version.empty()) record["runtimeVersion"] = context.runtime_version;
    return {{"platform.initStart", record}};
  }
  Made operator()(const InitRuntimeDone& fact) const {
    Json record = {{"initializationType", kInitType},
                   {"phase", Text(InitPhaseName(fact.phase))},
                   {"status", Text(StatusName(fact.status))}};
    AddError(fact.error_type, &record);
    return {{"platform.initRuntimeDone", record}};
  }
  Made operator()(const InitReported& fact) const {
    Json record = {{"initializationType", kInitType},
                   {"phase", Text(InitPhaseName(fact.phase))},
                   {"status", Text(StatusName(fact.status))},
                   {"metrics", {{"durationMs", Rounded(fact.duration_ms)}}}};
    AddError(fact.error_type, &record);
    return {{"platform.initReport", record}};
  }
  Made operator()(const ExtensionState& fact) const {
    Json record = {{"name", fact.name}, {"state", Text(fact.state)}, {"events", fact.events}};
    AddError(fact.error_type, &record);
    return {{"platform.extension", record}};
  }
  Made operator()(const InvocationStarted& fact) const {
    Json record = {{"requestId", fact.request_id}, {"version", context.function_version}};
    AddTracing(context, &record);
    return {{"platform.start", record}};
  }
  Made operator()(const RuntimeDone& fact) const {
    Json record = {{"requestId", fact.request_id}, {"status", Text(StatusName(fact.status))}};
    AddError(fact.error_type, &record);
    const double duration_ms = Rounded(fact.duration_ms);
    record["metrics"] = {{"durationMs", duration_ms}, {"producedBytes", fact.produced_bytes}};
    if (fact.response_latency_ms >= 0) {
      const absl::Time start = now - absl::Milliseconds(fact.duration_ms);
      const absl::Time answered = start + absl::Milliseconds(fact.response_latency_ms);
      const double overhead = Rounded(fact.duration_ms - fact.response_latency_ms);
      record["spans"] = Json::array(
          {{{"name", "responseLatency"},
            {"start", IsoTime(start)},
            {"durationMs", Rounded(fact.response_latency_ms)}},
           {{"name", "runtimeOverhead"}, {"start", IsoTime(answered)}, {"durationMs", overhead}}});
    }
    AddTracing(context, &record);
    return {{"platform.runtimeDone", record}};
  }
  Made operator()(const InvocationReported& fact) const {
    const Outcome& outcome = fact.outcome;
    Json metrics = {{"durationMs", Rounded(outcome.duration_ms)},
                    {"billedDurationMs", outcome.billed_ms},
                    {"memorySizeMB", context.memory_mb},
                    {"maxMemoryUsedMB", (outcome.peak_memory_bytes + kMib - 1) / kMib}};
    if (outcome.init_ms >= 0) metrics["initDurationMs"] = Rounded(outcome.init_ms);
    Json record = {{"requestId", outcome.request_id},
                   {"status", Text(StatusName(outcome.status))},
                   {"metrics", std::move(metrics)}};
    AddError(outcome.error_type, &record);
    const absl::Time done = now - absl::Milliseconds(outcome.overhead_ms);
    record["spans"] = Json::array({{{"name", "extensionOverhead"},
                                    {"start", IsoTime(done)},
                                    {"durationMs", Rounded(outcome.overhead_ms)}}});
    AddTracing(context, &record);
    return {{"platform.report", record}};
  }
  template <typename Other>
  Made operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

std::string IsoTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

std::optional<TelemetryEvent> FactEvent(const MachineAction& action, const RecordContext& context,
                                        absl::Time now) {
  RecordOf::Made made = std::visit(RecordOf{context, now}, action);
  if (!made.has_value()) return std::nullopt;
  return Envelope("platform", std::move(made->first), std::move(made->second), now);
}

TelemetryEvent LineEvent(const std::string& category, const std::string& line, absl::Time now) {
  return Envelope(category, category, line, now);
}

TelemetryEvent SubscriptionEvent(const std::string& extension, const Subscription& subscription,
                                 absl::Time now) {
  return Envelope("platform", "platform.telemetrySubscription",
                  {{"name", extension}, {"state", "Subscribed"}, {"types", subscription.types}},
                  now);
}

TelemetryEvent DroppedEvent(const TelemetryBuffer::Dropped& dropped, absl::Time now) {
  return Envelope("platform", "platform.logsDropped",
                  {{"reason",
                    "Consumer seems to have fallen behind as it has not acknowledged "
                    "receipt of logs."},
                   {"droppedRecords", dropped.records},
                   {"droppedBytes", dropped.bytes}},
                  now);
}

}  // namespace lambent::local
