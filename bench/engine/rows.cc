// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/rows.h"

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace lambent::bench {

namespace {

constexpr double kMaxFailedPercent = 1;
constexpr uint64_t kLeastStacks = 10'000;

}  // namespace

Row RowOfMost(const Row& row, int failed, int samples, bool quick) {
  const double percent = 100.0 * failed / samples;
  if (quick || percent <= kMaxFailedPercent) {
    return {row.name, row.value, absl::StrFormat("%s; %d failed", row.how, failed)};
  }
  return {row.name, std::nullopt,
          absl::StrFormat("%d of %d samples failed, %.1f %%; %.0f %% may", failed, samples, percent,
                          kMaxFailedPercent)};
}

Row RowOfEnough(const Row& row, uint64_t stacks, bool quick) {
  if (quick || stacks >= kLeastStacks) return row;
  return {row.name, std::nullopt,
          absl::StrFormat("%d stacks came, and it takes %d to judge", stacks, kLeastStacks)};
}

std::string ToJson(const std::vector<Row>& rows) {
  nlohmann::json out = nlohmann::json::array();
  for (const Row& row : rows) {
    const nlohmann::json value = row.value ? nlohmann::json(*row.value) : nlohmann::json();
    out.push_back({{"name", row.name}, {"value", value}, {"how", row.how}});
  }
  return out.dump();
}

}  // namespace lambent::bench
