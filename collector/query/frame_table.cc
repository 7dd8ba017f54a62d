// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/frame_table.h"

#include <utility>

#include "absl/status/statusor.h"

#include "collector/query/frame_name.h"

namespace lambent::collector {

absl::Span<const uint32_t> FrameTable::Indices(int64_t id) {
  const auto [known, added] = by_id_.try_emplace(id);
  if (added) {
    const auto record = forest_.frames.find(id);
    known->second = Resolve(record == forest_.frames.end() ? FrameRecord{} : record->second);
  }
  return known->second;
}

uint32_t FrameTable::RunQueue() { return Add(ShownFrame({.kind = FrameKind::kRunQueue})); }

uint32_t FrameTable::Add(Profile::Frame frame) {
  const auto [same, added] = by_look_.try_emplace(
      Look{frame.kind, frame.name, frame.file, frame.current_line, frame.module, frame.inlined},
      static_cast<uint32_t>(shown_.size()));
  if (added) shown_.push_back(std::move(frame));
  return same->second;
}

std::vector<uint32_t> FrameTable::Resolve(const FrameRecord& record) {
  if (view_.symbolizer == nullptr || record.code_address == 0) return {Add(ShownFrame(record))};
  const absl::StatusOr<SourceFrames> sources =
      view_.symbolizer->Find(record.module, record.module_build_id, record.code_address);
  if (!sources.ok() || sources->empty()) return {Add(ShownFrame(record))};
  std::vector<uint32_t> indices = {Add(SourceShown(record, sources->back(), false, view_.lines))};
  for (size_t i = sources->size() - 1; view_.inlined && i-- > 0;) {
    indices.push_back(Add(SourceShown(record, (*sources)[i], true, view_.lines)));
  }
  return indices;
}

Profile::Frame SourceShown(const FrameRecord& record, const SourceFrame& source, bool inlined,
                           bool lines) {
  FrameRecord seen;
  seen.kind = FrameKind::kNative;
  // The symbol's name says more than the debugging information's, where there is one: its clone.
  seen.name = !inlined && !record.name.empty() ? record.name : source.function;
  seen.module = record.module;
  seen.file = lines && source.line != 0 ? source.file : source.decl_file;
  seen.line = source.decl_line;
  if (lines) seen.current_line = source.line;
  if (!inlined) seen.address = record.name.empty() ? source.start : record.address;
  Profile::Frame frame = ShownFrame(seen);
  if (inlined && seen.name.empty()) frame.name = "[inlined]";
  frame.inlined = inlined;
  return frame;
}

}  // namespace lambent::collector
