// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/profile.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lambent::collector {

int64_t RowWeight(const Profile::Row& row, Weight weight) {
  switch (weight) {
    case Weight::kWall:
      return row.wall_us;
    case Weight::kCpu:
      return row.cpu_us;
    case Weight::kSamples:
      return static_cast<int64_t>(row.samples);
  }
  return 0;
}

std::array<Profile::RungSum, kRungCount> SumsByRung(const Profile& profile) {
  std::array<Profile::RungSum, kRungCount> sums{};
  for (const Profile::Row& row : profile.rows) {
    Profile::RungSum& sum = sums[static_cast<size_t>(row.rung)];
    sum.samples += row.samples;
    sum.wall_us += row.wall_us;
  }
  return sums;
}

uint64_t PartialSamples(const Profile& profile) {
  uint64_t samples = 0;
  for (const Profile::Row& row : profile.rows) samples += row.partial ? row.samples : 0;
  return samples;
}

std::vector<int64_t> NodeTotals(const Profile& profile, Weight weight) {
  std::vector<int64_t> totals(profile.node_parent.size(), 0);
  for (const Profile::Row& row : profile.rows) totals[row.leaf] += RowWeight(row, weight);
  // Pre-order: a child comes after its parent, so one pass from the back folds every subtree up.
  for (size_t node = totals.size(); node-- > 1;) totals[profile.node_parent[node]] += totals[node];
  return totals;
}

}  // namespace lambent::collector
