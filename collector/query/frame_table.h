// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

#include "collector/query/profile.h"
#include "collector/query/source_view.h"
#include "collector/store/records.h"

namespace lambent::collector {

// Frames of the store as a profile shows them, each once: what looks the same in two environments
// or versions, or at two addresses, is one frame. Machine code becomes the functions that its
// debugging information finds there. Thread-compatible.
class FrameTable {
 public:
  // `forest` and `shown` must outlive this; frames are appended to `shown`.
  FrameTable(const StackForest& forest, const SourceView& view, std::vector<Profile::Frame>& shown)
      : forest_(forest), view_(view), shown_(shown) {}

  // What a stored frame is shown as: indices into `shown`, outermost first; one, or more where
  // functions were inlined. Valid until the next call.
  absl::Span<const uint32_t> Indices(int64_t id);

  // The frame below stacks that says: it could run, and waited for a CPU.
  uint32_t RunQueue();

 private:
  using Look = std::tuple<FrameKind, std::string, std::string, uint32_t, std::string, bool>;

  uint32_t Add(Profile::Frame frame);
  std::vector<uint32_t> Resolve(const FrameRecord& record);

  const StackForest& forest_;
  const SourceView view_;
  std::vector<Profile::Frame>& shown_;
  absl::flat_hash_map<int64_t, std::vector<uint32_t>> by_id_;
  absl::flat_hash_map<Look, uint32_t> by_look_;
};

// One frame as its debugging information has it; of functions that were inlined, `record` is the
// code they are in. Pure.
Profile::Frame SourceShown(const FrameRecord& record, const SourceFrame& source, bool inlined,
                           bool lines);

}  // namespace lambent::collector
