// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/selection_mapping.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "collector/query/frame_name.h"

namespace lambent::collector {

static_assert(static_cast<int>(Format::kHtml) == v1::FORMAT_HTML);
static_assert(static_cast<int>(Format::kJson) == v1::FORMAT_JSON);
static_assert(static_cast<int>(Format::kGperftools) == v1::FORMAT_GPERFTOOLS);

absl::StatusOr<Selection> FromProto(const v1::Selection& in) {
  Selection out;
  out.filter.function_name = in.function_name();
  out.filter.function_version = in.function_version();
  out.filter.request_id = in.request_id();
  out.filter.attempt = in.attempt();
  if (in.attempt() != 0 && in.request_id().empty()) {
    return absl::InvalidArgumentError("selection: an attempt needs the request id it is of");
  }
  if (!in.environment_id().empty()) {
    absl::StatusOr<std::string> id = EnvironmentIdFromHex(in.environment_id());
    if (!id.ok()) return id.status();
    out.filter.environment_id = *std::move(id);
  }
  for (const int phase : in.phases()) {
    if (phase <= v1::PHASE_UNSPECIFIED || phase > v1::PHASE_SHUTDOWN) {
      return absl::InvalidArgumentError(absl::StrCat("selection: unknown phase ", phase));
    }
    out.filter.phases.push_back(static_cast<Phase>(phase));
  }
  if (in.since_unix_us() < 0 || in.until_unix_us() < 0) {
    return absl::InvalidArgumentError("selection: a time before 1970");
  }
  out.filter.since_us = in.since_unix_us();
  out.filter.until_us = in.until_unix_us();
  if (in.has_cold()) out.filter.cold = in.cold();
  if (in.status() < 0 || in.status() > v1::INVOCATION_STATUS_FAILURE) {
    return absl::InvalidArgumentError(
        absl::StrCat("selection: unknown status ", static_cast<int>(in.status())));
  }
  out.filter.status = static_cast<uint32_t>(in.status());
  out.thread_name = in.thread_name();
  out.with_lock = in.with_lock();
  return out;
}

absl::StatusOr<Format> FromProto(v1::Format format) {
  if (format == v1::FORMAT_UNSPECIFIED) return Format::kHtml;
  if (format < 0 || format > v1::FORMAT_GPERFTOOLS) {
    return absl::InvalidArgumentError(absl::StrCat("unknown format ", static_cast<int>(format)));
  }
  return static_cast<Format>(format);
}

absl::StatusOr<Weight> FromProto(v1::Weight weight) {
  switch (weight) {
    case v1::WEIGHT_UNSPECIFIED:
    case v1::WEIGHT_WALL:
      return Weight::kWall;
    case v1::WEIGHT_CPU:
      return Weight::kCpu;
    case v1::WEIGHT_SAMPLES:
      return Weight::kSamples;
    default:
      return absl::InvalidArgumentError(absl::StrCat("unknown weight ", static_cast<int>(weight)));
  }
}

v1::Function ToProto(const FunctionRecord& in) {
  v1::Function out;
  out.set_name(in.name);
  out.set_version(in.version);
  out.set_runtime(in.runtime);
  out.set_environments(in.environments);
  out.set_invocations(in.invocations);
  out.set_failures(in.failures);
  out.set_samples(in.samples);
  out.set_last_seen_unix_us(in.last_seen_us);
  return out;
}

v1::Invocation ToProto(const InvocationSummary& summary) {
  const InvocationRecord& in = summary.invocation;
  v1::Invocation out;
  out.set_request_id(SafeText(in.request_id));  // proto3 strings must be UTF-8
  out.set_function_name(in.function_name);
  out.set_function_version(in.function_version);
  out.set_environment_id(EnvironmentIdToHex(in.environment_id));
  out.set_status(static_cast<v1::InvocationStatus>(in.status));
  out.set_error_type(SafeText(in.error_type));
  out.set_cold(in.cold);
  out.set_start_unix_us(in.start_us);
  out.set_duration_us(in.duration_us);
  out.set_billed_duration_us(in.billed_duration_us);
  out.set_init_duration_us(in.init_duration_us);
  out.set_cpu_us(summary.use.cpu_us);
  out.set_run_queue_wait_us(summary.use.run_queue_wait_us);
  out.set_rss_peak_bytes(summary.use.rss_peak_bytes);
  out.set_memory_size_mb(in.memory_size_mb);
  out.set_max_memory_used_mb(in.max_memory_used_mb);
  out.set_samples(in.samples);
  for (int reason = 0; reason < kDropReasonCount; ++reason) {
    const uint64_t samples = in.drops.of(static_cast<DropReason>(reason));
    if (samples == 0) continue;
    v1::Drop* drop = out.add_drops();
    drop->set_reason(static_cast<v1::DropReason>(reason));
    drop->set_samples(samples);
  }
  out.set_attempt(in.attempt);
  out.set_attempts(in.attempts);
  for (const std::string& loss : in.losses) out.add_losses(SafeText(loss));
  out.mutable_cost()->set_wall_us(in.cost.wall_us);
  out.mutable_cost()->set_self_cpu_us(in.cost.self_cpu_us);
  out.mutable_cost()->set_stopped_us(in.cost.stopped_us);
  out.mutable_cost()->set_target_cpu_us(in.cost.target_cpu_us);
  out.mutable_cost()->set_ticks(in.cost.ticks);
  out.mutable_cost()->set_sampled_us(in.cost.sampled_us);
  out.mutable_cost()->set_asked_microticks(in.cost.asked_microticks);
  out.mutable_cost()->set_allowed_microticks(in.cost.allowed_microticks);
  return out;
}

v1::MetricSeries ToProto(const MetricSeries& in) {
  v1::MetricSeries out;
  out.set_role(static_cast<v1::ProcessRole>(in.role));
  out.set_pid(in.pid);
  out.set_metric(static_cast<v1::Metric>(in.metric));
  *out.mutable_time_unix_us() = {in.times_us.begin(), in.times_us.end()};
  *out.mutable_values() = {in.values.begin(), in.values.end()};
  return out;
}

}  // namespace lambent::collector
