// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/joined_frames.h"

#include <utility>

namespace lambent {
namespace {

Frame Numbered(FrameKind kind, uint32_t number) {
  Frame frame;
  frame.kind = kind;
  frame.name = static_cast<StringId>(number);
  return frame;
}

}  // namespace

uint32_t JoinedFrames::Add(Known known) {
  known_.push_back(std::move(known));
  return static_cast<uint32_t>(known_.size() - 1);
}

uint32_t JoinedFrames::Join(ProcessSampler& sampler) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(joined_.size()));
    joined_.emplace_back();
  }
  const uint32_t number = free_.back();
  free_.pop_back();
  joined_[number].sampler = &sampler;
  return number;
}

void JoinedFrames::Leave(uint32_t sampler) {
  Joined& joined = joined_[sampler];
  for (const auto& [frame, number] : joined.numbers) {
    if (known_[number].sampler == joined.sampler) Ask(known_[number]);
  }
  joined = {};
  free_.push_back(sampler);
}

Frame JoinedFrames::Of(uint32_t sampler, const Frame& frame) {
  Joined& joined = joined_[sampler];
  const auto known = joined.numbers.find(frame);
  if (known != joined.numbers.end()) return Numbered(frame.kind, known->second);
  if (known_.size() >= kMaxFrames) return Numbered(frame.kind, 0);
  const uint32_t number = Add({.sampler = joined.sampler, .frame = frame, .description = {}});
  joined.numbers.emplace(frame, number);
  return Numbered(frame.kind, number);
}

Frame JoinedFrames::Named(std::string_view name) {
  const StringId id = strings_.Intern(name);
  const auto [named, is_new] = named_.try_emplace(id, 0);
  if (is_new && known_.size() < kMaxFrames) {
    Known known;
    known.description.name = strings_.Get(id);
    named->second = Add(std::move(known));
  }
  return Numbered(FrameKind::kUnknown, named->second);
}

void JoinedFrames::Ask(Known& known) {
  known.description = known.sampler->Describe(known.frame);
  // The sampler's views end with it.
  for (std::string_view* text :
       {&known.description.name, &known.description.file, &known.description.module_path,
        &known.description.module_build_id}) {
    *text = strings_.Get(strings_.Intern(*text));
  }
  known.sampler = nullptr;
}

FrameDescription JoinedFrames::Describe(const Frame& frame) {
  Known& known = known_[static_cast<size_t>(frame.name)];
  if (known.sampler != nullptr) Ask(known);
  FrameDescription description = known.description;
  description.kind = frame.kind;
  return description;
}

}  // namespace lambent
