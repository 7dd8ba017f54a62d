// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/base/rung.h"
#include "profiler/base/thread_state.h"

namespace lambent::collector {

// Samples of one segment as the store keeps them: columns of equal length over the store's own ids,
// which mean the same in every environment.
struct StoredSamples {
  std::vector<int64_t> start_us;  // since the Unix epoch
  std::vector<int64_t> thread;    // threads.id
  std::vector<int64_t> stack;     // stacks.id; 0: the empty stack
  std::vector<uint32_t> observations;
  std::vector<uint32_t> wall_us;
  std::vector<uint32_t> cpu_us;
  // ThreadState << 4 | partial << 3 | Rung. Layouts that know nothing of the mark have 0 there.
  std::vector<uint8_t> state_rung;
  // Part of wall_us spent waiting for a CPU. All zeros are not kept, nor is it in blobs of layouts
  // that know nothing of it: then it is empty, which means all zeros.
  std::vector<uint32_t> run_queue_us;

  size_t rows() const { return start_us.size(); }
  // Of a row; kUnspecified for what a damaged file has there.
  ThreadState state(size_t row) const {
    const int state = state_rung[row] >> 4;
    return state <= static_cast<int>(kLastThreadState) ? static_cast<ThreadState>(state)
                                                       : ThreadState::kUnspecified;
  }
  // Of a row; kMetricsOnly for what a damaged file has there.
  Rung rung(size_t row) const {
    const int rung = state_rung[row] & 7;
    return rung < kRungCount ? static_cast<Rung>(rung) : Rung::kMetricsOnly;
  }
  // Of a row; see lambent.v1.SampleColumns.
  bool partial(size_t row) const { return (state_rung[row] & 8) != 0; }
};

// Readings of one process as the store keeps them.
struct StoredMetrics {
  struct Column {
    uint32_t metric = 0;  // lambent.v1.Metric
    std::vector<int64_t> values;
  };
  std::vector<int64_t> times_us;
  std::vector<Column> columns;
};

// The blobs of tables chunks and metric_chunks: one byte of version, the size of what follows as a
// varint, then zstd of the columns one after the other, each value a varint (LEB128), zigzag
// differences where values have a sign or run close together. Pure.
std::string EncodeSamples(const StoredSamples& samples);
std::string EncodeMetrics(const StoredMetrics& metrics);

// The inverse. The file may be damaged: every length is checked. Errors: DATA_LOSS.
absl::StatusOr<StoredSamples> DecodeSamples(std::string_view blob);
absl::StatusOr<StoredMetrics> DecodeMetrics(std::string_view blob);

}  // namespace lambent::collector
