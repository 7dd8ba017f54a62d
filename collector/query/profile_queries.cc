// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/profile_queries.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "collector/query/sample_merger.h"

namespace lambent::collector {
namespace {

// Readings this far beyond an invocation's ends still describe its boundaries.
constexpr int64_t kBoundaryUs = 2'000'000;
// The readings at an invocation's boundaries are taken within moments of them.
constexpr int64_t kMarginUs = 100'000;
// Metrics are asked for some invocations, not for a history.
constexpr size_t kMaxInvocationsOfMetrics = 200;

absl::StatusOr<std::vector<MetricSeries>> SeriesBetween(ProfileStore& store,
                                                        const std::string& environment,
                                                        int64_t since_us, int64_t until_us) {
  SeriesJoiner joiner;
  const absl::Status read = store.ReadMetrics(
      environment, since_us, until_us,
      [&](const MetricsRecord& record) { joiner.Add(record, since_us, until_us); });
  if (!read.ok()) return read;
  return joiner.Join();
}

absl::Status NothingOf(const char* what, const Selection& selection) {
  const std::string words = Describe(selection);
  if (words == Describe({})) {
    return absl::NotFoundError(absl::StrCat("there are no ", what, " yet"));
  }
  const char* const function = selection.filter.function_name.empty() ? "" : "function ";
  return absl::NotFoundError(absl::StrCat("no ", what, " of ", function, words));
}

}  // namespace

absl::StatusOr<std::vector<InvocationSummary>> SummariseInvocations(ProfileStore& store,
                                                                    const Selection& selection,
                                                                    size_t limit) {
  absl::StatusOr<std::vector<InvocationRecord>> invocations =
      store.ReadInvocations(selection.filter, limit);
  if (!invocations.ok()) return invocations.status();
  std::vector<InvocationSummary> result;
  for (InvocationRecord& invocation : *invocations) {
    const absl::StatusOr<std::vector<MetricSeries>> series =
        SeriesBetween(store, invocation.environment_id, invocation.start_us - kBoundaryUs,
                      invocation.end_us + kBoundaryUs);
    if (!series.ok()) return series.status();
    const InvocationUse use = UseBetween(*series, invocation.start_us, invocation.end_us);
    result.push_back({std::move(invocation), use});
  }
  return result;
}

absl::StatusOr<Profile> MergeProfile(ProfileStore& store, const Selection& selection,
                                     const SourceView& view) {
  SampleMerger merger(selection);
  const absl::Status read = store.ReadSegments(
      selection.filter, [&](const SegmentRecord& segment) { merger.Add(segment); });
  if (!read.ok()) return read;
  if (merger.empty()) {
    return NothingOf("samples", selection);
  }
  const absl::StatusOr<StackForest> forest = store.ReadStacks(merger.Stacks());
  if (!forest.ok()) return forest.status();
  const absl::StatusOr<absl::flat_hash_map<int64_t, std::string>> threads =
      store.ReadThreadNames(merger.Threads());
  if (!threads.ok()) return threads.status();
  if (view.symbolizer != nullptr) view.symbolizer->LookAgain();
  Profile profile = merger.Build(*forest, *threads, view);
  if (profile.rows.empty() && profile.drops.empty()) {
    return NothingOf("samples", selection);
  }
  return profile;
}

absl::StatusOr<std::vector<MetricSeries>> SelectMetrics(ProfileStore& store,
                                                        const Selection& selection) {
  const SampleFilter& filter = selection.filter;
  if (!filter.environment_id.empty() && filter.request_id.empty()) {
    return SeriesBetween(
        store, filter.environment_id, filter.since_us,
        filter.until_us != 0 ? filter.until_us : std::numeric_limits<int64_t>::max());
  }
  const absl::StatusOr<std::vector<InvocationRecord>> invocations =
      store.ReadInvocations(filter, kMaxInvocationsOfMetrics);
  if (!invocations.ok()) return invocations.status();
  if (invocations->empty()) {
    return NothingOf("invocations", selection);
  }
  std::vector<MetricSeries> result;
  for (const InvocationRecord& invocation : *invocations) {
    absl::StatusOr<std::vector<MetricSeries>> series =
        SeriesBetween(store, invocation.environment_id, invocation.start_us - kMarginUs,
                      invocation.end_us + kMarginUs);
    if (!series.ok()) return series.status();
    for (MetricSeries& one : *series) result.push_back(std::move(one));
  }
  return result;
}

}  // namespace lambent::collector
