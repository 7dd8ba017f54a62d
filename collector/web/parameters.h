// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "collector/query/profile.h"
#include "collector/query/selection.h"
#include "collector/render/render.h"

namespace lambent::collector {

// Decoded query parameters of a request, by name.
using Parameters = std::map<std::string, std::string>;

// The selection that parameters name, each with `prefix` before it: function, version, request_id,
// attempt, environment, phase (comma separated), since, until (a duration before `now` like "2h",
// or RFC 3339), cold (true/false), status, thread. INVALID_ARGUMENT, for people, when a value makes
// no sense. Pure.
absl::StatusOr<Selection> ParseSelection(const Parameters& parameters, const std::string& prefix,
                                         absl::Time now);

// INVALID_ARGUMENT when parameters holds a name that is none of ParseSelection's (with one of the
// prefixes "" or, for differences, "base_" and "compare_"), format, weight or limit. Pure.
absl::Status CheckNames(const Parameters& parameters, bool difference);

absl::StatusOr<Format> ParseFormatParameter(const Parameters& parameters, Format otherwise);
absl::StatusOr<Weight> ParseWeightParameter(const Parameters& parameters);
absl::StatusOr<size_t> ParseLimitParameter(const Parameters& parameters, size_t otherwise);

// "name=value&…", percent-encoded, of what is not empty: for links. Pure.
std::string EncodeQuery(const Parameters& parameters);

}  // namespace lambent::collector
