// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"

#include "collector/receive/dictionary_extent.h"
#include "collector/receive/validated_batch.h"
#include "lambent/v1/ingest.pb.h"

namespace lambent::collector {

// Turns an untrusted batch into values that need no further checks, or refuses it as a whole:
// INVALID_ARGUMENT with what is wrong, for people.
//
// `extent` is the dictionary as of the batch before. A content of a later epoch starts from empty
// tables; one of an earlier epoch is refused. Enum values newer than this build become unspecified
// (metrics and events of unknown kind are left out): an old collector serves a new extension.
//
// Does not look at the order of sequences: that is the store's. Pure.
absl::StatusOr<ValidatedBatch> ValidateBatch(const v1::Batch& batch,
                                             const DictionaryExtent& extent);

}  // namespace lambent::collector
