// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"

#include "collector/query/metric_series.h"
#include "collector/query/profile.h"
#include "collector/query/selection.h"
#include "collector/query/source_view.h"
#include "collector/store/profile_store.h"

namespace lambent::collector {

// An invocation and what its runtime process used.
struct InvocationSummary {
  InvocationRecord invocation;
  InvocationUse use;
};

// Newest first, at most `limit`. Errors: the store's. Thread-safe.
absl::StatusOr<std::vector<InvocationSummary>> SummariseInvocations(ProfileStore& store,
                                                                    const Selection& selection,
                                                                    size_t limit);

// All samples of the selection, merged. NOT_FOUND when no segment holds a sample or a drop of it;
// else the store's errors. Code without debugging information is shown as it was named.
// Thread-safe.
absl::StatusOr<Profile> MergeProfile(ProfileStore& store, const Selection& selection,
                                     const SourceView& view = {});

// Series of the selection: of its environment if it names one, else of the invocations it selects,
// each between its start and end. Errors: the store's; NOT_FOUND when no invocation matches.
// Thread-safe.
absl::StatusOr<std::vector<MetricSeries>> SelectMetrics(ProfileStore& store,
                                                        const Selection& selection);

}  // namespace lambent::collector
