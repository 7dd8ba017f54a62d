// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "collector/query/diff.h"
#include "collector/query/profile.h"

namespace lambent::collector {

// The tree that a profile and a difference have in common, as the renderers walk it. Borrows the
// columns of what it was made from, which must outlive it. A value; thread-compatible.
struct TreeView {
  absl::Span<const Profile::Frame> frames;
  absl::Span<const uint32_t> node_frame;
  absl::Span<const uint32_t> node_parent;
  absl::Span<const uint32_t> subtree_end;

  explicit TreeView(const Profile& profile)
      : frames(profile.frames),
        node_frame(profile.node_frame),
        node_parent(profile.node_parent),
        subtree_end(profile.subtree_end) {}
  explicit TreeView(const ProfileDiff& diff)
      : frames(diff.frames),
        node_frame(diff.node_frame),
        node_parent(diff.node_parent),
        subtree_end(diff.subtree_end) {}

  size_t size() const { return node_frame.size(); }
  const Profile::Frame& frame(size_t node) const { return frames[node_frame[node]]; }
};

// OK when the columns are of equal length, every index is in range and the nodes are a tree in
// pre-order. The renderers below Render() rely on it. Errors: INVALID_ARGUMENT.
absl::Status CheckProfile(const Profile& profile);
absl::Status CheckDiff(const ProfileDiff& diff);

// Distance from the root of every node.
std::vector<uint32_t> NodeDepths(const TreeView& tree);

// Weight of the rows that end at each node, in node order.
std::vector<int64_t> NodeSelves(const Profile& profile, Weight weight);

// "native", "python", "unknown", "truncated", "system-call", "run-queue", "interpreter-lock".
std::string_view FrameKindName(FrameKind kind);
// "wall", "cpu", "samples".
std::string_view WeightName(Weight weight);
// "12.3 ms" and the like; for kSamples "1,234 samples".
std::string HumanWeight(int64_t value, Weight weight);

}  // namespace lambent::collector
