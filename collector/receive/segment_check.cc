// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "collector/receive/content_checks.h"
#include "collector/receive/limits.h"

namespace lambent::collector {
namespace {

// The wire's numbers are the base enums' numbers, so a checked number is cast.
static_assert(static_cast<int>(Phase::kShutdown) == v1::PHASE_SHUTDOWN);
static_assert(static_cast<int>(Rung::kMetricsOnly) == v1::RUNG_METRICS_ONLY);
static_assert(static_cast<int>(kLastThreadState) == v1::THREAD_STATE_BLOCKED_WITH_LOCK);
static_assert(static_cast<int>(DropReason::kTooManyThreads) == v1::DROP_REASON_TOO_MANY_THREADS);
static_assert(static_cast<int>(kLastFrameKind) == v1::FRAME_KIND_INTERPRETER_LOCK);

struct TableSizes {
  size_t threads;
  size_t stacks;
};

absl::Status Wrong(size_t segment, const char* field, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat("segments[", segment, "].", field, ": ", what));
}

Phase KnownPhase(int phase) {
  return phase >= 0 && phase <= v1::PHASE_SHUTDOWN ? static_cast<Phase>(phase)
                                                   : Phase::kUnspecified;
}

ThreadState KnownState(int state) {
  return state >= 0 && state <= static_cast<int>(kLastThreadState) ? static_cast<ThreadState>(state)
                                                                   : ThreadState::kUnspecified;
}

// There is no unspecified rung; one this build does not know took a sample all the same.
Rung KnownRung(int rung) {
  return rung >= 0 && rung < kRungCount ? static_cast<Rung>(rung) : Rung::kMetricsOnly;
}

bool ColumnsEqual(const v1::SampleColumns& in) {
  const int rows = in.start_delta_us_size();
  return in.thread_size() == rows && in.stack_size() == rows && in.observations_size() == rows &&
         in.wall_us_size() == rows && in.cpu_us_size() == rows && in.state_size() == rows &&
         in.rung_size() == rows &&
         (in.run_queue_us_size() == rows || in.run_queue_us_size() == 0) &&
         (in.partial_size() == rows || in.partial_size() == 0);
}

absl::Status CheckSamples(const v1::SampleColumns& in, TableSizes sizes, size_t at,
                          ValidatedSegment& segment) {
  if (!ColumnsEqual(in)) return Wrong(at, "samples", "columns differ in length");
  ValidatedSamples& out = segment.samples;
  out.start_us.reserve(static_cast<size_t>(in.start_delta_us_size()));
  int64_t start = segment.start_unix_us;
  for (int i = 0; i < in.start_delta_us_size(); ++i) {
    if (__builtin_add_overflow(start, in.start_delta_us(i), &start) || start < 0 ||
        start > kMaxUnixUs) {
      return Wrong(at, "samples.start_delta_us", "time out of range");
    }
    if (in.thread(i) >= sizes.threads) return Wrong(at, "samples.thread", "no such thread");
    if (in.stack(i) >= sizes.stacks) {
      return Wrong(at, "samples.stack", "no such stack");
    }
    if (in.observations(i) == 0) return Wrong(at, "samples.observations", "a row without samples");
    if (in.run_queue_us_size() != 0 && in.run_queue_us(i) > in.wall_us(i)) {
      return Wrong(at, "samples.run_queue_us", "more than the row's wall time");
    }
    out.start_us.push_back(start);
    out.state.push_back(KnownState(in.state(i)));
    out.rung.push_back(KnownRung(in.rung(i)));
    segment.observations += in.observations(i);  // at most 2^21 rows of 2^32: no overflow
  }
  out.thread.assign(in.thread().begin(), in.thread().end());
  out.stack.assign(in.stack().begin(), in.stack().end());
  out.observations.assign(in.observations().begin(), in.observations().end());
  out.wall_us.assign(in.wall_us().begin(), in.wall_us().end());
  out.cpu_us.assign(in.cpu_us().begin(), in.cpu_us().end());
  out.run_queue_us.assign(in.run_queue_us().begin(), in.run_queue_us().end());
  out.run_queue_us.resize(out.rows());  // a column left out is all zeros
  out.partial.assign(in.partial().begin(), in.partial().end());
  out.partial.resize(out.rows());
  return absl::OkStatus();
}

absl::Status CheckSegment(const v1::Segment& in, TableSizes sizes, size_t at,
                          ValidatedSegment& out) {
  if (in.request_id().size() > kMaxIdBytes) return Wrong(at, "request_id", "too long");
  if (in.start_unix_us() < 0 || in.start_unix_us() > kMaxUnixUs) {
    return Wrong(at, "start_unix_us", "time out of range");
  }
  out.request_id = in.request_id();
  out.phase = KnownPhase(in.phase());
  out.start_unix_us = in.start_unix_us();
  if (absl::Status s = CheckSamples(in.samples(), sizes, at, out); !s.ok()) return s;
  for (const v1::Drop& drop : in.drops()) {
    if (drop.samples() > kMaxSamplesCounted) return Wrong(at, "drops", "count out of range");
    const int reason = drop.reason() >= 0 && drop.reason() < kDropReasonCount ? drop.reason() : 0;
    out.drops.Add(static_cast<DropReason>(reason), drop.samples());
  }
  if (out.drops.total() > kMaxSamplesCounted || out.observations > kMaxSamplesCounted) {
    return Wrong(at, "samples", "count out of range");
  }
  const v1::SelfCost& cost = in.cost();
  out.cost = {
      cost.wall_us(), cost.self_cpu_us(), cost.stopped_us(),       cost.target_cpu_us(),
      cost.ticks(),   cost.sampled_us(),  cost.asked_microticks(), cost.allowed_microticks()};
  // No real one comes near, counts neither; sums stay in range.
  for (const uint64_t value :
       {cost.wall_us(), cost.self_cpu_us(), cost.stopped_us(), cost.target_cpu_us(), cost.ticks(),
        cost.sampled_us(), cost.asked_microticks(), cost.allowed_microticks()}) {
    if (value > static_cast<uint64_t>(kMaxDurationUs)) return Wrong(at, "cost", "out of range");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSegments(const v1::BatchContent& content, size_t threads, size_t stacks,
                           std::vector<ValidatedSegment>& result) {
  if (content.segments_size() > static_cast<int>(kMaxSegments)) {
    return absl::InvalidArgumentError(absl::StrCat("segments: ", content.segments_size()));
  }
  size_t rows = 0;
  for (const v1::Segment& in : content.segments()) {
    rows += static_cast<size_t>(in.samples().start_delta_us_size());
    if (rows > kMaxRows) return absl::InvalidArgumentError("segments: too many rows together");
    ValidatedSegment& out = result.emplace_back();
    if (absl::Status s = CheckSegment(in, {threads, stacks}, result.size() - 1, out); !s.ok())
      return s;
  }
  return absl::OkStatus();
}

}  // namespace lambent::collector
