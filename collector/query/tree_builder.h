// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "collector/query/profile.h"

namespace lambent::collector {

// Grows a tree of frames node by node and lays it out as Profile wants it. Thread-compatible.
class TreeBuilder {
 public:
  // A node while the tree grows; 0 is the root.
  using Node = uint32_t;

  // The layout: pre-order, siblings by name. Columns as in Profile; `place` leads from a Node to
  // its index there.
  struct Layout {
    std::vector<uint32_t> node_frame;
    std::vector<uint32_t> node_parent;
    std::vector<uint32_t> subtree_end;
    std::vector<uint32_t> place;
  };

  // The root shows frame 0.
  TreeBuilder() : nodes_{{0, 0}} {}

  // The child of `parent` that shows `frame`, made if new.
  Node Child(Node parent, uint32_t frame);

  // `frames`: what the frame indices mean, for the order of siblings.
  Layout Lay(const std::vector<Profile::Frame>& frames) const;

 private:
  struct Link {
    Node parent;
    uint32_t frame;
  };
  std::vector<Link> nodes_;
  absl::flat_hash_map<std::pair<Node, uint32_t>, Node> children_;
};

}  // namespace lambent::collector
