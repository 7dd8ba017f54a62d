// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/global_ids.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/store/column_codec.h"

namespace lambent::collector {
namespace {

void AppendTo(std::vector<int64_t>& all, const std::vector<int64_t>& added) {
  all.insert(all.end(), added.begin(), added.end());
}

}  // namespace

void GlobalIds::Append(const GlobalIds& added) {
  AppendTo(strings, added.strings);
  AppendTo(modules, added.modules);
  AppendTo(frames, added.frames);
  AppendTo(stacks, added.stacks);
  AppendTo(threads, added.threads);
}

std::string EncodeDelta(const DictionaryDelta& delta) {
  ColumnWriter writer;
  for (const auto* column : {&delta.added.strings, &delta.added.modules, &delta.added.frames,
                             &delta.added.stacks, &delta.added.threads}) {
    writer.Value(column->size());
    writer.Deltas(*column);
  }
  writer.Plain(delta.stack_depth);
  writer.Value(delta.string_bytes);
  return writer.Finish();
}

absl::StatusOr<DictionaryDelta> DecodeDelta(std::string_view blob) {
  absl::StatusOr<ColumnReader> reader = ColumnReader::Create(blob);
  if (!reader.ok()) return reader.status();
  DictionaryDelta delta;
  for (auto* column : {&delta.added.strings, &delta.added.modules, &delta.added.frames,
                       &delta.added.stacks, &delta.added.threads}) {
    const size_t rows = reader->Count();
    *column = reader->Deltas(rows);
  }
  delta.stack_depth = reader->Plain<uint16_t>(delta.added.stacks.size());
  delta.string_bytes = reader->Value();
  if (!reader->Complete()) return absl::DataLossError("stored dictionary: damaged");
  return delta;
}

void Extend(DictionaryExtent& extent, const DictionaryDelta& delta) {
  extent.strings += delta.added.strings.size();
  extent.string_bytes += delta.string_bytes;
  extent.modules += delta.added.modules.size();
  extent.frames += delta.added.frames.size();
  extent.threads += delta.added.threads.size();
  extent.stack_depth.insert(extent.stack_depth.end(), delta.stack_depth.begin(),
                            delta.stack_depth.end());
}

}  // namespace lambent::collector
