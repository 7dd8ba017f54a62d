// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "profiler/base/drop_reason.h"

namespace lambent {

// One batch ready for the wire: what the outbox keeps until the collector says it is durable.
//
// The dictionary travels apart from the rest until the batch is sent, so that an outbox that must
// drop this batch's samples can still deliver the dictionary entries that later batches rely on.
struct EncodedBatch {
  uint64_t sequence = 0;
  uint32_t dictionary_epoch = 0;
  // zstd of a lambent.v1.BatchContent with everything.
  std::string content;
  uint32_t content_bytes = 0;  // its size before compression
  // zstd of the same BatchContent without samples and metrics: epoch, dictionary, events and the
  // drops, this batch's own samples counted there as outbox-full.
  std::string remainder;
  uint32_t remainder_bytes = 0;
  // Σ observations of `content`.
  uint64_t samples = 0;
  // The drops that `content` reports, all segments together: should the batch be lost whole, they
  // must be reported again.
  DropCounts drops;
};

}  // namespace lambent
