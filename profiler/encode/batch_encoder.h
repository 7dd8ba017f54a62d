// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "profiler/aggregate/dictionary.h"
#include "profiler/aggregate/naming.h"
#include "profiler/aggregate/segment.h"
#include "profiler/base/drop_reason.h"
#include "profiler/encode/compress.h"
#include "profiler/encode/encoded_batch.h"
#include "profiler/encode/invocation_event.h"
#include "profiler/metrics/metric.h"

namespace lambent {

// What goes into one batch (or several, when it is too much for one).
struct BatchParts {
  absl::Span<const Segment> segments;
  absl::Span<const MetricReading> readings;
  absl::Span<const InvocationEvent> events;
  // Samples of earlier batches that were lost whole; reported in a segment of their own, phase
  // after, without a request id: whose they were is not known any more.
  DropCounts lost;
  // When that segment starts, MonotonicNs.
  int64_t cut_ns = 0;
  // UnixTime minus MonotonicNs, ns: how this batch's times are dated.
  int64_t unix_offset_ns = 0;
};

// Writes batches of lambent.v1.BatchContent: dictionary delta, samples as columns, metrics, events.
// Numbers them 1, 2, 3 … Confined to the sampler thread.
class BatchEncoder {
 public:
  // The collector refuses more (ingest.proto).
  static constexpr size_t kMaxContentBytes = 16 << 20;

  // Both must outlive this.
  BatchEncoder(Dictionary& dictionary, Naming& naming) : dictionary_(dictionary), naming_(naming) {}

  // Encodes the parts and what the dictionary has grown since the last call, as one batch or,
  // beyond `max_content_bytes` (estimated from above), several. REQUIRES: all frames are named
  // (Naming).
  std::vector<EncodedBatch> Encode(const BatchParts& parts,
                                   size_t max_content_bytes = kMaxContentBytes);

 private:
  EncodedBatch EncodeOne(const BatchParts& parts);

  Dictionary& dictionary_;
  Naming& naming_;
  Compressor compressor_;
  uint64_t last_sequence_ = 0;
  uint32_t epoch_ = 0;  // of the last batch
  uint64_t epoch_first_sequence_ = 0;
};

}  // namespace lambent
