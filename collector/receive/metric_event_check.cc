// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "collector/receive/content_checks.h"
#include "collector/receive/limits.h"

namespace lambent::collector {
namespace {

absl::Status Wrong(const char* list, size_t at, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat(list, "[", at, "]: ", what));
}

bool TimeOk(int64_t unix_us) { return unix_us >= 0 && unix_us <= kMaxUnixUs; }
bool DurationOk(int64_t us) { return us >= 0 && us <= kMaxDurationUs; }

absl::Status CheckColumn(const v1::MetricColumn& in, size_t readings, size_t at,
                         ValidatedMetrics& out) {
  if (static_cast<size_t>(in.values_size()) != readings) {
    return Wrong("metrics", at, "columns differ in length");
  }
  const int metric = in.metric();
  const bool known = metric > 0 && metric <= v1::Metric_MAX;
  ValidatedMetrics::Column column;
  column.metric = known ? static_cast<uint32_t>(metric) : 0;
  int64_t value = 0;
  for (const int64_t delta : in.values()) {
    if (__builtin_add_overflow(value, delta, &value)) {
      return Wrong("metrics", at, "value out of range");
    }
    column.values.push_back(value);
  }
  if (known) out.columns.push_back(std::move(column));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckMetrics(const v1::BatchContent& content, std::vector<ValidatedMetrics>& result) {
  if (content.metrics_size() > static_cast<int>(kMaxMetricSeries)) {
    return absl::InvalidArgumentError(absl::StrCat("metrics: ", content.metrics_size()));
  }
  size_t values = 0;
  for (const v1::MetricColumns& in : content.metrics()) {
    ValidatedMetrics& out = result.emplace_back();
    const size_t at = result.size() - 1;
    const auto readings = static_cast<size_t>(in.time_delta_us_size());
    if (in.columns_size() > static_cast<int>(kMaxMetricColumns)) {
      return Wrong("metrics", at, "too many columns");
    }
    values += readings * (1 + static_cast<size_t>(in.columns_size()));
    if (values > kMaxMetricValues) return Wrong("metrics", at, "too many values together");
    const int role = in.role();
    out.role = role >= 0 && role <= v1::ProcessRole_MAX ? static_cast<uint32_t>(role) : 0;
    out.pid = in.pid();
    int64_t time = in.start_unix_us();
    if (!TimeOk(time)) return Wrong("metrics", at, "time out of range");
    for (const int64_t delta : in.time_delta_us()) {
      if (__builtin_add_overflow(time, delta, &time) || !TimeOk(time)) {
        return Wrong("metrics", at, "time out of range");
      }
      out.times_unix_us.push_back(time);
    }
    for (const v1::MetricColumn& column : in.columns()) {
      if (absl::Status s = CheckColumn(column, readings, at, out); !s.ok()) return s;
    }
  }
  return absl::OkStatus();
}

absl::Status CheckEvents(const v1::BatchContent& content, std::vector<ValidatedEvent>& result) {
  if (content.events_size() > static_cast<int>(kMaxEvents)) {
    return absl::InvalidArgumentError(absl::StrCat("events: ", content.events_size()));
  }
  for (int i = 0; i < content.events_size(); ++i) {
    const v1::InvocationEvent& in = content.events(i);
    const auto at = static_cast<size_t>(i);
    if (!TimeOk(in.time_unix_us()) || !TimeOk(in.deadline_unix_us())) {
      return Wrong("events", at, "time out of range");
    }
    if (!DurationOk(in.duration_us()) || !DurationOk(in.billed_duration_us()) ||
        !DurationOk(in.init_duration_us())) {
      return Wrong("events", at, "duration out of range");
    }
    if (in.request_id().size() > kMaxIdBytes || in.error_type().size() > kMaxIdBytes ||
        in.reason().size() > kMaxIdBytes) {
      return Wrong("events", at, "text too long");
    }
    const int kind = in.kind();
    if (kind <= 0 || kind > v1::InvocationEvent::Kind_MAX) continue;
    const int status = in.status();
    result.push_back({.kind = static_cast<uint32_t>(kind),
                      .time_unix_us = in.time_unix_us(),
                      .request_id = in.request_id(),
                      .status = status >= 0 && status <= v1::InvocationStatus_MAX
                                    ? static_cast<uint32_t>(status)
                                    : 0,
                      .error_type = in.error_type(),
                      .reason = in.reason(),
                      .duration_us = in.duration_us(),
                      .billed_duration_us = in.billed_duration_us(),
                      .init_duration_us = in.init_duration_us(),
                      .memory_size_mb = in.memory_size_mb(),
                      .max_memory_used_mb = in.max_memory_used_mb(),
                      .deadline_unix_us = in.deadline_unix_us()});
  }
  return absl::OkStatus();
}

}  // namespace lambent::collector
