// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/diff.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "collector/query/tree_builder.h"

namespace lambent::collector {
namespace {

using FrameKey = std::tuple<FrameKind, std::string, std::string>;
using FrameMap = absl::flat_hash_map<FrameKey, uint32_t>;

// Index in the union's frames of each of the profile's. The first profile to bring a frame shows
// it.
std::vector<uint32_t> UniteFrames(const Profile& profile, FrameMap& known,
                                  std::vector<Profile::Frame>& frames) {
  std::vector<uint32_t> united{0};  // the root is the root
  for (size_t i = 1; i < profile.frames.size(); ++i) {
    const Profile::Frame& frame = profile.frames[i];
    const auto [entry, added] = known.try_emplace(FrameKey{frame.kind, frame.name, frame.module},
                                                  static_cast<uint32_t>(frames.size()));
    if (added) {
      frames.push_back(frame);
      frames.back().current_line = 0;  // functions are compared, whatever lines parted them
    }
    united.push_back(entry->second);
  }
  return united;
}

// The node in `tree` of each of the profile's nodes.
std::vector<TreeBuilder::Node> AddTree(const Profile& profile,
                                       const std::vector<uint32_t>& frame_of, TreeBuilder& tree) {
  std::vector<TreeBuilder::Node> node_of(profile.node_parent.size(), 0);
  for (size_t i = 1; i < node_of.size(); ++i) {
    node_of[i] = tree.Child(node_of[profile.node_parent[i]], frame_of[profile.node_frame[i]]);
  }
  return node_of;
}

void Sum(const Profile& profile, const std::vector<TreeBuilder::Node>& node_of,
         const TreeBuilder::Layout& layout, Weight weight, std::vector<int64_t>& self,
         std::vector<int64_t>& total) {
  self.assign(layout.node_frame.size(), 0);
  for (const Profile::Row& row : profile.rows) {
    self[layout.place[node_of[row.leaf]]] += RowWeight(row, weight);
  }
  total = self;
  for (size_t i = total.size(); i-- > 1;) total[layout.node_parent[i]] += total[i];
}

}  // namespace

ProfileDiff DiffProfiles(const Profile& base, const Profile& compare, Weight weight) {
  ProfileDiff diff;
  diff.base_title = base.title;
  diff.compare_title = compare.title;
  diff.weight = weight;
  diff.frames.push_back({.kind = FrameKind::kUnknown, .name = "all"});
  FrameMap known;
  TreeBuilder tree;
  // The compare side first: where both have a frame, its file and line are the ones shown.
  const auto compare_nodes = AddTree(compare, UniteFrames(compare, known, diff.frames), tree);
  const auto base_nodes = AddTree(base, UniteFrames(base, known, diff.frames), tree);
  TreeBuilder::Layout layout = tree.Lay(diff.frames);
  Sum(base, base_nodes, layout, weight, diff.base_self, diff.base_total);
  Sum(compare, compare_nodes, layout, weight, diff.compare_self, diff.compare_total);
  diff.node_frame = std::move(layout.node_frame);
  diff.node_parent = std::move(layout.node_parent);
  diff.subtree_end = std::move(layout.subtree_end);
  return diff;
}

double ShareChange(const ProfileDiff& diff, uint32_t node) {
  const auto share = [node](const std::vector<int64_t>& total) {
    return total[0] > 0 ? static_cast<double>(total[node]) / static_cast<double>(total[0]) : 0.0;
  };
  return share(diff.compare_total) - share(diff.base_total);
}

}  // namespace lambent::collector
