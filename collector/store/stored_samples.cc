// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/stored_samples.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/store/column_codec.h"

namespace lambent::collector {

// The mark has the bit above.
static_assert(kRungCount <= 8);

std::string EncodeSamples(const StoredSamples& samples) {
  ColumnWriter writer;
  const int64_t base = samples.start_us.empty() ? 0 : samples.start_us.front();
  writer.Value(samples.rows());
  writer.Deltas({base});
  writer.Deltas(samples.start_us, base);
  writer.Deltas(samples.thread);
  writer.Deltas(samples.stack);
  writer.Plain(samples.observations);
  writer.Plain(samples.wall_us);
  writer.Plain(samples.cpu_us);
  writer.Plain(samples.state_rung);
  const bool waits = std::any_of(samples.run_queue_us.begin(), samples.run_queue_us.end(),
                                 [](uint32_t us) { return us != 0; });
  if (waits) writer.Plain(samples.run_queue_us);
  return writer.Finish();
}

absl::StatusOr<StoredSamples> DecodeSamples(std::string_view blob) {
  absl::StatusOr<ColumnReader> reader = ColumnReader::Create(blob);
  if (!reader.ok()) return reader.status();
  const size_t rows = reader->Count();
  const int64_t base = reader->Deltas(1)[0];
  StoredSamples samples;
  samples.start_us = reader->Deltas(rows, base);
  samples.thread = reader->Deltas(rows);
  samples.stack = reader->Deltas(rows);
  samples.observations = reader->Plain<uint32_t>(rows);
  samples.wall_us = reader->Plain<uint32_t>(rows);
  samples.cpu_us = reader->Plain<uint32_t>(rows);
  samples.state_rung = reader->Plain<uint8_t>(rows);
  if (reader->Remaining() != 0) samples.run_queue_us = reader->Plain<uint32_t>(rows);
  if (!reader->Complete()) return absl::DataLossError("stored samples: damaged");
  return samples;
}

std::string EncodeMetrics(const StoredMetrics& metrics) {
  ColumnWriter writer;
  writer.Value(metrics.times_us.size());
  writer.Value(metrics.columns.size());
  writer.Deltas(metrics.times_us);
  for (const StoredMetrics::Column& column : metrics.columns) {
    writer.Value(column.metric);
    writer.Deltas(column.values);
  }
  return writer.Finish();
}

absl::StatusOr<StoredMetrics> DecodeMetrics(std::string_view blob) {
  absl::StatusOr<ColumnReader> reader = ColumnReader::Create(blob);
  if (!reader.ok()) return reader.status();
  const size_t readings = reader->Count();
  const size_t columns = reader->Count();
  StoredMetrics metrics;
  metrics.times_us = reader->Deltas(readings);
  for (size_t i = 0; i < columns; ++i) {
    StoredMetrics::Column column;
    column.metric = static_cast<uint32_t>(reader->Value());
    if (readings > reader->Remaining()) break;  // cut short: Complete() below is false
    column.values = reader->Deltas(readings);
    metrics.columns.push_back(std::move(column));
  }
  if (!reader->Complete() || metrics.columns.size() != columns) {
    return absl::DataLossError("stored metrics: damaged");
  }
  return metrics;
}

}  // namespace lambent::collector
