// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/status.h"

#include "collector/receive/dictionary_extent.h"
#include "collector/receive/validated_batch.h"
#include "lambent/v1/profile.pb.h"

// The parts of ValidateBatch, one per part of BatchContent. Each copies what it checked into its
// last argument, or returns INVALID_ARGUMENT naming the field. Pure.
namespace lambent::collector {

// `extent`: the tables these entries are appended to.
absl::Status CheckDictionary(const v1::Dictionary& dictionary, const DictionaryExtent& extent,
                             ValidatedDictionary& result);

// `threads`, `stacks`: sizes of the tables with this batch's entries.
absl::Status CheckSegments(const v1::BatchContent& content, size_t threads, size_t stacks,
                           std::vector<ValidatedSegment>& result);

absl::Status CheckMetrics(const v1::BatchContent& content, std::vector<ValidatedMetrics>& result);

absl::Status CheckEvents(const v1::BatchContent& content, std::vector<ValidatedEvent>& result);

}  // namespace lambent::collector
