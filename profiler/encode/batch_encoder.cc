// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/encode/batch_encoder.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"

#include "lambent/v1/profile.pb.h"
#include "profiler/encode/column_writers.h"

namespace lambent {
namespace {

// From above: nine columns, of which four hold up to five bytes and the stack and thread up to
// three; the fixed part of a segment with its drops and cost.
constexpr size_t kMaxRowBytes = 37;
constexpr size_t kMaxSegmentBytes = 640;

size_t EstimatedBytes(const Segment& segment) {
  return kMaxSegmentBytes + segment.rows.size() * kMaxRowBytes;
}

}  // namespace

EncodedBatch BatchEncoder::EncodeOne(const BatchParts& parts) {
  google::protobuf::Arena arena;
  auto* content = google::protobuf::Arena::CreateMessage<v1::BatchContent>(&arena);
  EncodedBatch batch;
  for (const Segment& segment : parts.segments) {
    WriteSegment(segment, naming_, parts.unix_offset_ns, content->add_segments());
    batch.samples += segment.observations;
    batch.drops.Add(segment.drops);
  }
  if (parts.lost.total() != 0) {
    batch.drops.Add(parts.lost);
    Segment lost;
    lost.phase = Phase::kAfter;
    lost.start_ns = parts.cut_ns;
    lost.drops = parts.lost;
    WriteSegment(lost, naming_, parts.unix_offset_ns, content->add_segments());
  }
  // After the segments: they have added the stacks that they use.
  batch.sequence = ++last_sequence_;
  if (std::exchange(epoch_, dictionary_.epoch()) != dictionary_.epoch()) {
    epoch_first_sequence_ = batch.sequence;
  }
  content->set_dictionary_epoch(dictionary_.epoch());
  content->set_epoch_first_sequence(epoch_first_sequence_);
  WriteDictionary(dictionary_, content->mutable_dictionary());
  dictionary_.MarkSent();
  for (const InvocationEvent& event : parts.events) WriteEvent(event, content->add_events());
  WriteMetrics(parts.readings, parts.unix_offset_ns, content);

  batch.dictionary_epoch = dictionary_.epoch();
  std::string bytes = content->SerializeAsString();
  batch.content_bytes = static_cast<uint32_t>(bytes.size());
  batch.content = compressor_.Compress(bytes);

  if (!parts.readings.empty()) {
    WriteEvent(
        LossEvent(absl::FromUnixNanos(parts.readings.back().time_ns + parts.unix_offset_ns),
                  absl::StrCat(parts.readings.size(),
                               " metric readings lost in the extension: its buffer was full")),
        content->add_events());
  }
  content->clear_metrics();
  for (size_t i = 0; i < parts.segments.size(); ++i) {
    v1::Segment* segment = content->mutable_segments(static_cast<int>(i));
    segment->clear_samples();
    AddDrop(DropReason::kOutboxFull, parts.segments[i].observations, segment);
  }
  bytes = content->SerializeAsString();
  batch.remainder_bytes = static_cast<uint32_t>(bytes.size());
  batch.remainder = compressor_.Compress(bytes);
  return batch;
}

std::vector<EncodedBatch> BatchEncoder::Encode(const BatchParts& parts, size_t max_content_bytes) {
  std::vector<EncodedBatch> batches;
  BatchParts next = parts;  // the first batch takes everything that does not come in segments
  size_t begin = 0;
  do {
    size_t bytes = dictionary_.bytes() + next.events.size() * (4 * kMaxEventTextBytes) +
                   next.readings.size() * (10 * kMetricCount);
    size_t end = begin;
    while (end < parts.segments.size() &&
           (end == begin || bytes + EstimatedBytes(parts.segments[end]) <= max_content_bytes)) {
      bytes += EstimatedBytes(parts.segments[end++]);
    }
    next.segments = parts.segments.subspan(begin, end - begin);
    batches.push_back(EncodeOne(next));
    begin = end;
    next = BatchParts{};
    next.unix_offset_ns = parts.unix_offset_ns;
  } while (begin < parts.segments.size());
  return batches;
}

}  // namespace lambent
