// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <zstd.h>

#include "lambent/v1/profile.pb.h"
#include "profiler/encode/batch_sink.h"

namespace lambent::fakes {

// Parses a compressed BatchContent; an empty message when it is not one.
inline v1::BatchContent ParseContent(const std::string& compressed) {
  v1::BatchContent content;
  const auto size = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (size > (64u << 20)) return content;
  std::string raw(size, '\0');
  if (ZSTD_decompress(raw.data(), raw.size(), compressed.data(), compressed.size()) == size) {
    content.ParseFromString(raw);
  }
  return content;
}

// Σ observations of the samples, and Σ drops.
inline uint64_t Observations(const v1::BatchContent& content) {
  uint64_t sum = 0;
  for (const v1::Segment& segment : content.segments()) {
    for (const uint32_t count : segment.samples().observations()) sum += count;
  }
  return sum;
}
inline uint64_t Drops(const v1::BatchContent& content) {
  uint64_t sum = 0;
  for (const v1::Segment& segment : content.segments()) {
    for (const v1::Drop& drop : segment.drops()) sum += drop.samples();
  }
  return sum;
}

// Keeps what it is given, parsed. Thread-compatible.
class FakeBatchSink final : public BatchSink {
 public:
  void Put(EncodedBatch batch) override {
    contents_.push_back(ParseContent(batch.content));
    batches_.push_back(std::move(batch));
  }
  SinkDebt TakeDebt() override { return std::exchange(debt_, SinkDebt{}); }

  void Owe(SinkDebt debt) { debt_ = debt; }
  const std::vector<EncodedBatch>& batches() const { return batches_; }
  const std::vector<v1::BatchContent>& contents() const { return contents_; }
  uint64_t Accounted() const {
    uint64_t sum = 0;
    for (const v1::BatchContent& content : contents_) sum += Observations(content) + Drops(content);
    return sum;
  }

 private:
  std::vector<EncodedBatch> batches_;
  std::vector<v1::BatchContent> contents_;
  SinkDebt debt_;
};

}  // namespace lambent::fakes
