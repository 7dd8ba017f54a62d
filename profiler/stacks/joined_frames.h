// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "profiler/base/string_table.h"
#include "profiler/stacks/process_sampler.h"

namespace lambent {

// Frames of several samplers under one numbering: ids in a Frame mean something to its own sampler
// only. A frame here is its kind and, in `name`, its number. Names are asked for when they are
// needed, or before their sampler ends. Confined to the sampler thread.
class JoinedFrames {
 public:
  // Beyond it new frames are unknown ones: 200 MB.
  static constexpr size_t kMaxFrames = 1 << 20;

  JoinedFrames() { Add(Known{}); }

  // A sampler joins, which must outlive Leave(). Returns its number.
  uint32_t Join(ProcessSampler& sampler);
  // It ends: what it knows of its frames is asked now.
  void Leave(uint32_t sampler);

  // The frame of a sampler under the common numbering.
  Frame Of(uint32_t sampler, const Frame& frame);
  // A frame that is nobody's, with a name.
  Frame Named(std::string_view name);

  FrameDescription Describe(const Frame& frame);

  // Texts of samplers under one numbering.
  StringId Intern(std::string_view text) { return strings_.Intern(text); }
  std::string_view Text(StringId id) const { return strings_.Get(id); }

 private:
  struct Known {
    ProcessSampler* sampler = nullptr;  // null: described
    Frame frame;
    FrameDescription description;
  };
  struct Joined {
    ProcessSampler* sampler = nullptr;
    absl::flat_hash_map<Frame, uint32_t> numbers;
  };

  uint32_t Add(Known known);
  void Ask(Known& known);

  StringTable strings_;
  std::deque<Known> known_;
  std::vector<Joined> joined_;
  std::vector<uint32_t> free_;  // of joined_
  absl::flat_hash_map<StringId, uint32_t> named_;
};

}  // namespace lambent
