// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"

#include "profiler/stacks/stack.h"

namespace lambent {

// Captured stacks, each once, as parent links over a table of frames: what samples refer to until
// they are encoded. Node 0 is the empty stack; a parent's number is smaller than its children's.
//
// Bounded: 65,536 nodes and 32,768 frames, about 2.5 MB when full. Interning a stack that is known
// costs one hash look-up a frame (20-30 ns) and allocates nothing. Thread-compatible.
class StackTrie {
 public:
  static constexpr uint32_t kMaxNodes = 65'536;
  static constexpr uint32_t kMaxFrames = 32'768;
  // No room: returned instead of a node.
  static constexpr uint32_t kFull = 0xffff'ffff;

  struct Node {
    uint32_t parent;
    uint32_t frame;  // index into frames()
  };

  StackTrie();
  StackTrie(const StackTrie&) = delete;
  StackTrie& operator=(const StackTrie&) = delete;

  // The node of `stack` (leaf first, as captured), added if new; kFull when that does not fit.
  uint32_t Intern(const Stack& stack);

  // Nodes and frames keep their numbers and meaning, but what is interned from now on never meets
  // them: string and module ids of another process mean other things.
  void ForgetKeys();
  // Frames from this one on were interned since the last ForgetKeys.
  uint32_t first_known_frame() const { return first_known_frame_; }

  void Clear();

  // Writes the frames of a node, leaf first.
  void Materialise(uint32_t node, Stack* stack) const;

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Frame>& frames() const { return frames_; }

 private:
  struct NodeKey {
    uint32_t parent;
    uint32_t frame;
  };
  struct NodeHash {
    using is_transparent = void;
    const StackTrie* trie;
    size_t operator()(const NodeKey& key) const { return absl::HashOf(key.parent, key.frame); }
    size_t operator()(uint32_t node) const {
      return absl::HashOf(trie->nodes_[node].parent, trie->nodes_[node].frame);
    }
  };
  struct NodeEq {
    using is_transparent = void;
    const StackTrie* trie;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(uint32_t node, const NodeKey& key) const {
      return trie->nodes_[node].parent == key.parent && trie->nodes_[node].frame == key.frame;
    }
    bool operator()(const NodeKey& key, uint32_t node) const { return (*this)(node, key); }
  };
  struct FrameHash {
    using is_transparent = void;
    const StackTrie* trie;
    size_t operator()(const Frame& frame) const { return absl::HashOf(frame); }
    size_t operator()(uint32_t frame) const { return absl::HashOf(trie->frames_[frame]); }
  };
  struct FrameEq {
    using is_transparent = void;
    const StackTrie* trie;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(uint32_t a, const Frame& b) const { return trie->frames_[a] == b; }
    bool operator()(const Frame& a, uint32_t b) const { return trie->frames_[b] == a; }
  };

  // kFull when there is no room.
  uint32_t InternFrame(const Frame& frame);

  std::vector<Node> nodes_;
  std::vector<Frame> frames_;
  uint32_t first_known_frame_ = 0;
  // Sets of numbers that look at the vectors above: 5 bytes an entry instead of a copy of the key.
  absl::flat_hash_set<uint32_t, NodeHash, NodeEq> known_nodes_;
  absl::flat_hash_set<uint32_t, FrameHash, FrameEq> known_frames_;
};

}  // namespace lambent
