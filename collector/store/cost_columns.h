// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "collector/receive/cost.h"
#include "collector/store/database.h"

namespace lambent::collector {

// The cost in a row's columns from `column` on, in the order of Cost, of which there are
// kCostColumns.
inline constexpr int kCostColumns = 8;

inline Cost CostAt(const Statement& row, int column) {
  const auto at = [&](int offset) { return static_cast<uint64_t>(row.Int(column + offset)); };
  return {at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)};
}

}  // namespace lambent::collector
