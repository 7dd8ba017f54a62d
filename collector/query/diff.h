// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/query/profile.h"

namespace lambent::collector {

// The difference of two profiles, ready to be drawn: the union of both trees with each one's
// weight. A value. The tree has Profile's shape (pre-order columns, node 0 the root, siblings by
// name).
//
// Frames are the same when kind, name and module are: lines and addresses move between versions, so
// they are not compared (the compare side's are shown where it has the frame).
struct ProfileDiff {
  std::string base_title;
  std::string compare_title;
  Weight weight = Weight::kWall;  // what every number below is: µs for wall and CPU, else samples
  std::vector<Profile::Frame> frames;
  std::vector<uint32_t> node_frame;
  std::vector<uint32_t> node_parent;
  std::vector<uint32_t> subtree_end;
  // Per node, as measured, not normalised.
  std::vector<int64_t> base_self;
  std::vector<int64_t> base_total;
  std::vector<int64_t> compare_self;
  std::vector<int64_t> compare_total;
};

// Compares two profiles by `weight`.
ProfileDiff DiffProfiles(const Profile& base, const Profile& compare, Weight weight);

// Change of a node's share of its profile, from -1 to 1: compare_total/compare root -
// base_total/base root. Shares, because the two sides rarely hold equally many samples. An empty
// side's share is 0.
double ShareChange(const ProfileDiff& diff, uint32_t node);

}  // namespace lambent::collector
