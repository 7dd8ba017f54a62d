// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/tree_builder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

namespace lambent::collector {

TreeBuilder::Node TreeBuilder::Child(Node parent, uint32_t frame) {
  const auto [entry, added] =
      children_.try_emplace({parent, frame}, static_cast<Node>(nodes_.size()));
  if (added) nodes_.push_back({parent, frame});
  return entry->second;
}

TreeBuilder::Layout TreeBuilder::Lay(const std::vector<Profile::Frame>& frames) const {
  const size_t count = nodes_.size();
  std::vector<std::vector<Node>> children(count);
  for (Node node = 1; node < count; ++node) children[nodes_[node].parent].push_back(node);
  const auto by_name = [&](Node a, Node b) {
    const Profile::Frame& fa = frames[nodes_[a].frame];
    const Profile::Frame& fb = frames[nodes_[b].frame];
    return std::tie(fa.name, fa.file, fa.current_line, fa.module, fa.kind, fa.inlined) <
           std::tie(fb.name, fb.file, fb.current_line, fb.module, fb.kind, fb.inlined);
  };
  Layout layout;
  layout.place.resize(count);
  layout.subtree_end.resize(count);
  // An explicit stack: depth is bounded, but by a stranger.
  std::vector<Node> pending{0};
  while (!pending.empty()) {
    const Node node = pending.back();
    pending.pop_back();
    const auto place = static_cast<uint32_t>(layout.node_frame.size());
    layout.place[node] = place;
    layout.node_frame.push_back(nodes_[node].frame);
    layout.node_parent.push_back(layout.place[nodes_[node].parent]);
    layout.subtree_end[place] = place + 1;
    std::vector<Node>& below = children[node];
    std::sort(below.begin(), below.end(), by_name);
    pending.insert(pending.end(), below.rbegin(), below.rend());
  }
  for (size_t place = count; place-- > 1;) {
    uint32_t& end = layout.subtree_end[layout.node_parent[place]];
    end = std::max(end, layout.subtree_end[place]);
  }
  return layout;
}

}  // namespace lambent::collector
