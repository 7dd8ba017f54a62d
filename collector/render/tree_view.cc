// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/tree_view.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "profiler/base/absl_view.h"

namespace lambent::collector {
namespace {

absl::Status Contradiction(std::string_view cause, size_t where) {
  return absl::InvalidArgumentError(
      absl::StrCat("render profile: ", AbslView(cause), " (at ", where, ")"));
}

absl::Status CheckTree(const TreeView& tree) {
  const size_t n = tree.size();
  if (n == 0) return Contradiction("no root node", 0);
  if (tree.node_parent.size() != n || tree.subtree_end.size() != n) {
    return Contradiction("node columns of different lengths", n);
  }
  if (tree.node_parent[0] != 0 || tree.subtree_end[0] != n) {
    return Contradiction("node 0 is not the root of all", 0);
  }
  for (size_t i = 0; i < n; ++i) {
    if (tree.node_frame[i] >= tree.frames.size()) return Contradiction("frame out of range", i);
    if (i == 0) continue;
    const uint32_t parent = tree.node_parent[i];
    if (parent >= i) return Contradiction("a parent behind its child", i);
    // Pre-order: the node before is the parent, or its subtree ends exactly here.
    if (parent != i - 1 && tree.subtree_end[i - 1] != i) {
      return Contradiction("nodes not in pre-order", i);
    }
    if (tree.subtree_end[i] <= i || tree.subtree_end[i] > tree.subtree_end[parent]) {
      return Contradiction("a subtree beyond its parent's", i);
    }
    if (i >= tree.subtree_end[parent]) return Contradiction("a child outside its parent", i);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckProfile(const Profile& profile) {
  if (absl::Status status = CheckTree(TreeView(profile)); !status.ok()) return status;
  for (size_t i = 0; i < profile.rows.size(); ++i) {
    if (profile.rows[i].leaf >= profile.node_frame.size()) {
      return Contradiction("leaf of a row out of range", i);
    }
    if (profile.rows[i].thread >= profile.threads.size()) {
      return Contradiction("thread of a row out of range", i);
    }
    if (static_cast<int>(profile.rows[i].rung) >= kRungCount) {
      return Contradiction("rung of a row out of range", i);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDiff(const ProfileDiff& diff) {
  if (absl::Status status = CheckTree(TreeView(diff)); !status.ok()) return status;
  const size_t n = diff.node_frame.size();
  for (const auto* column :
       {&diff.base_self, &diff.base_total, &diff.compare_self, &diff.compare_total}) {
    if (column->size() != n) return Contradiction("weight column of another length", n);
  }
  return absl::OkStatus();
}

std::vector<uint32_t> NodeDepths(const TreeView& tree) {
  std::vector<uint32_t> depths(tree.size(), 0);
  for (size_t i = 1; i < depths.size(); ++i) depths[i] = depths[tree.node_parent[i]] + 1;
  return depths;
}

std::vector<int64_t> NodeSelves(const Profile& profile, Weight weight) {
  std::vector<int64_t> selves(profile.node_frame.size(), 0);
  for (const Profile::Row& row : profile.rows) selves[row.leaf] += RowWeight(row, weight);
  return selves;
}

std::string_view FrameKindName(FrameKind kind) {
  switch (kind) {
    case FrameKind::kNative:
      return "native";
    case FrameKind::kPython:
      return "python";
    case FrameKind::kTruncated:
      return "truncated";
    case FrameKind::kSystemCall:
      return "system-call";
    case FrameKind::kRunQueue:
      return "run-queue";
    case FrameKind::kInterpreterLock:
      return "interpreter-lock";
    case FrameKind::kUnknown:
      break;
  }
  return "unknown";
}

std::string_view WeightName(Weight weight) {
  switch (weight) {
    case Weight::kWall:
      return "wall";
    case Weight::kCpu:
      return "cpu";
    case Weight::kSamples:
      break;
  }
  return "samples";
}

std::string HumanWeight(int64_t value, Weight weight) {
  if (weight == Weight::kSamples) return absl::StrCat(value, value == 1 ? " sample" : " samples");
  const double us = static_cast<double>(value);
  if (std::abs(us) < 1e3) return absl::StrCat(value, " µs");
  if (std::abs(us) < 1e4) return absl::StrFormat("%.2f ms", us / 1e3);
  if (std::abs(us) < 1e6) return absl::StrFormat("%.1f ms", us / 1e3);
  return absl::StrFormat("%.2f s", us / 1e6);
}

}  // namespace lambent::collector
