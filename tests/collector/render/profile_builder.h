// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collector/query/profile.h"

namespace lambent::collector {

// Builds the pre-order columns of a Profile from whole stacks, for tests.
class ProfileBuilder {
 public:
  ProfileBuilder() { profile_.frames.push_back({FrameKind::kUnknown, "all", "", 0, "", 0}); }

  uint32_t Frame(FrameKind kind, std::string name, std::string file = "", uint32_t line = 0,
                 std::string module = "", uint64_t address = 0) {
    profile_.frames.push_back(
        {kind, std::move(name), std::move(file), line, std::move(module), address});
    return static_cast<uint32_t>(profile_.frames.size() - 1);
  }

  uint32_t Thread(std::string name) {
    profile_.threads.push_back(std::move(name));
    return static_cast<uint32_t>(profile_.threads.size() - 1);
  }

  // `frames` from the root's child to the leaf; row.leaf is filled in.
  void Add(const std::vector<uint32_t>& frames, Profile::Row row) {
    Node* node = &root_;
    for (const uint32_t frame : frames) {
      auto& child = node->children[{profile_.frames[frame].name, frame}];
      if (child == nullptr) child = std::make_unique<Node>();
      node = child.get();
    }
    node->rows.push_back(row);
  }

  Profile& profile() { return profile_; }

  Profile Build() {
    Place(root_, 0, 0);
    return std::move(profile_);
  }

 private:
  struct Node {
    std::map<std::pair<std::string, uint32_t>, std::unique_ptr<Node>> children;
    std::vector<Profile::Row> rows;
  };

  void Place(const Node& node, uint32_t frame, uint32_t parent) {
    const auto index = static_cast<uint32_t>(profile_.node_frame.size());
    profile_.node_frame.push_back(frame);
    profile_.node_parent.push_back(parent);
    profile_.subtree_end.push_back(0);
    for (Profile::Row row : node.rows) {
      row.leaf = index;
      profile_.rows.push_back(row);
    }
    for (const auto& [key, child] : node.children) Place(*child, key.second, index);
    profile_.subtree_end[index] = static_cast<uint32_t>(profile_.node_frame.size());
  }

  Profile profile_;
  Node root_;
};

}  // namespace lambent::collector
