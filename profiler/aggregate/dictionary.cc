// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/aggregate/dictionary.h"

#include <memory>

namespace lambent {

Dictionary::Dictionary() {
  Clear();
  epoch_ = 1;
}

void Dictionary::Clear() {
  strings_ = std::make_unique<StringTable>();
  modules_.assign(1, {});
  frames_.assign(1, {});
  stacks_.assign(1, {});
  threads_.assign(1, {});
  known_modules_.clear();
  known_frames_.clear();
  known_stacks_.clear();
  known_threads_.clear();
  RestartEpoch();
}

void Dictionary::RestartEpoch() {
  sent_ = Marks{};
  ++epoch_;
}

void Dictionary::MarkSent() {
  sent_ = {strings_->size(), modules_.size(), frames_.size(), stacks_.size(), threads_.size()};
}

size_t Dictionary::bytes() const {
  return strings_->bytes() + strings_->size() * 16 + modules_.size() * 48 +
         frames_.size() * sizeof(NamedFrame) + stacks_.size() * sizeof(StackNode) +
         threads_.size() * sizeof(Thread);
}

uint32_t Dictionary::AddString(std::string_view text) {
  return static_cast<uint32_t>(strings_->Intern(text.substr(0, kMaxStringBytes)));
}

uint32_t Dictionary::AddModule(std::string_view path, std::string_view build_id) {
  if (path.empty() && build_id.empty()) return 0;
  const uint32_t path_index = AddString(path);
  std::string id(build_id.substr(0, kMaxStringBytes));
  const auto [it, added] = known_modules_.try_emplace({path_index, id}, modules_.size());
  if (added) modules_.push_back({path_index, std::move(id)});
  return it->second;
}

uint32_t Dictionary::AddFrame(const FrameDescription& frame) {
  const NamedFrame named{.kind = frame.kind,
                         .name = AddString(frame.name),
                         .file = AddString(frame.file),
                         .line = frame.line,
                         .current_line = frame.current_line,
                         .module = AddModule(frame.module_path, frame.module_build_id),
                         .address = frame.address,
                         .code_address = frame.code_address};
  const auto [it, added] = known_frames_.try_emplace(named, frames_.size());
  if (added) frames_.push_back(named);
  return it->second;
}

uint32_t Dictionary::AddStack(uint32_t parent, uint32_t frame) {
  const auto [it, added] = known_stacks_.try_emplace({parent, frame}, stacks_.size());
  if (added) stacks_.push_back({parent, frame});
  return it->second;
}

uint32_t Dictionary::AddThread(int32_t pid, int32_t tid, std::string_view name) {
  const Thread thread{static_cast<uint32_t>(pid), static_cast<uint32_t>(tid), AddString(name)};
  const auto [it, added] =
      known_threads_.try_emplace({thread.pid, thread.tid, thread.name}, threads_.size());
  if (added) threads_.push_back(thread);
  return it->second;
}

}  // namespace lambent
