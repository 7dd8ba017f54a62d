// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/aggregate/stack_trie.h"

#include "absl/hash/hash.h"

namespace lambent {

StackTrie::StackTrie()
    : known_nodes_(0, NodeHash{this}, NodeEq{this}),
      known_frames_(0, FrameHash{this}, FrameEq{this}) {
  Clear();
}

void StackTrie::Clear() {
  nodes_.assign(1, Node{0, 0});
  frames_.clear();
  ForgetKeys();
}

void StackTrie::ForgetKeys() {
  known_nodes_.clear();
  known_frames_.clear();
  first_known_frame_ = static_cast<uint32_t>(frames_.size());
}

uint32_t StackTrie::InternFrame(const Frame& frame) {
  if (const auto it = known_frames_.find(frame); it != known_frames_.end()) return *it;
  const auto index = static_cast<uint32_t>(frames_.size());
  if (index >= kMaxFrames) return kFull;
  frames_.push_back(frame);
  known_frames_.insert(index);
  return index;
}

uint32_t StackTrie::Intern(const Stack& stack) {
  uint32_t node = 0;
  for (auto frame = stack.rbegin(); frame != stack.rend(); ++frame) {
    const uint32_t frame_index = InternFrame(*frame);
    if (frame_index == kFull) return kFull;
    const NodeKey key{node, frame_index};
    if (const auto it = known_nodes_.find(key); it != known_nodes_.end()) {
      node = *it;
      continue;
    }
    const auto next = static_cast<uint32_t>(nodes_.size());
    if (next >= kMaxNodes) return kFull;
    nodes_.push_back({node, frame_index});
    known_nodes_.insert(next);
    node = next;
  }
  return node;
}

void StackTrie::Materialise(uint32_t node, Stack* stack) const {
  stack->clear();
  for (; node != 0; node = nodes_[node].parent) stack->push_back(frames_[nodes_[node].frame]);
}

}  // namespace lambent
