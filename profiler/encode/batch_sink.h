// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "profiler/base/drop_reason.h"
#include "profiler/encode/encoded_batch.h"

namespace lambent {

// What the next batch must make good: asked by the session before it cuts one.
struct SinkDebt {
  // Batches were lost with their dictionary entries: the next batch must start a new epoch.
  bool new_epoch = false;
  // Samples that were lost whole, to be reported as drops by the next batch. Handed over once.
  DropCounts lost;
  // Batches that were lost whole: their events and metric readings went with them.
  uint64_t batches = 0;
};

// Takes batches over, in rising sequence. The real one is the extension's Outbox. Thread-safe.
class BatchSink {
 public:
  virtual ~BatchSink() = default;

  // Never blocks; what does not fit is dropped and counted by the sink.
  virtual void Put(EncodedBatch batch) = 0;

  // Hands over what the sink lost since the last call.
  virtual SinkDebt TakeDebt() = 0;
};

}  // namespace lambent
