// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/folded.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "collector/render/text_escape.h"
#include "collector/render/tree_view.h"

namespace lambent::collector {
namespace {

// Calls visit(node, stack) for every node in order; `stack` is the folded path. The root is not
// part of it: it is no frame, and tools that read folded stacks add one of their own. What ends at
// the root itself (time without a stack) is the root's name alone.
template <typename Visit>
void ForEachStack(const TreeView& tree, Visit visit) {
  std::string stack;
  AppendFoldedName(tree.frame(0).name, &stack);
  visit(size_t{0}, stack);
  std::vector<size_t> path_end(tree.size());  // length of the node's own path within `stack`
  for (size_t node = 1; node < tree.size(); ++node) {
    stack.resize(path_end[tree.node_parent[node]]);
    if (!stack.empty()) stack.push_back(';');
    AppendFoldedName(tree.frame(node).name, &stack);
    path_end[node] = stack.size();
    visit(node, stack);
  }
}

}  // namespace

std::string RenderFolded(const Profile& profile, Weight weight) {
  const std::vector<int64_t> selves = NodeSelves(profile, weight);
  // Frames that differ only in their lines have one name here.
  absl::flat_hash_map<std::string, size_t> known;
  std::vector<std::pair<std::string, int64_t>> stacks;
  ForEachStack(TreeView(profile), [&](size_t node, const std::string& stack) {
    if (selves[node] <= 0) return;
    const auto [same, added] = known.try_emplace(stack, stacks.size());
    if (added) stacks.emplace_back(stack, 0);
    stacks[same->second].second += selves[node];
  });
  std::string out;
  for (const auto& [stack, weight_of] : stacks) absl::StrAppend(&out, stack, " ", weight_of, "\n");
  return out;
}

std::string RenderDiffFolded(const ProfileDiff& diff) {
  std::string out;
  ForEachStack(TreeView(diff), [&](size_t node, const std::string& stack) {
    if (diff.base_self[node] <= 0 && diff.compare_self[node] <= 0) return;
    absl::StrAppend(&out, stack, " ", diff.base_self[node], " ", diff.compare_self[node], "\n");
  });
  return out;
}

}  // namespace lambent::collector
