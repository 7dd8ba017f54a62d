// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"

#include "collector/query/profile.h"
#include "collector/query/profile_queries.h"
#include "collector/query/selection.h"
#include "collector/render/render.h"
#include "lambent/v1/query.pb.h"

// Between the wire's query messages and the values behind them. Pure.
namespace lambent::collector {

// INVALID_ARGUMENT when a field makes no sense.
absl::StatusOr<Selection> FromProto(const v1::Selection& selection);
absl::StatusOr<Format> FromProto(v1::Format format);  // unspecified: HTML
absl::StatusOr<Weight> FromProto(v1::Weight weight);  // unspecified: wall

v1::Function ToProto(const FunctionRecord& function);
v1::Invocation ToProto(const InvocationSummary& summary);
v1::MetricSeries ToProto(const MetricSeries& series);

}  // namespace lambent::collector
