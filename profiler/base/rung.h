// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace lambent {

// The ladder of stack sources (ARCHITECTURE.md, "The engine"). Values equal lambent.v1.Rung.
enum class Rung : uint8_t {
  kUnchanged = 0,
  kBlocked = 1,
  kConsistentRead = 2,
  kAgent = 3,
  kStop = 4,
  kPerf = 5,
  kMetricsOnly = 6,
};

inline constexpr int kRungCount = 7;

constexpr std::string_view RungName(Rung rung) {
  constexpr std::string_view kNames[kRungCount] = {
      "unchanged", "blocked", "consistent-read", "agent", "stop", "perf", "metrics-only"};
  return kNames[static_cast<int>(rung)];
}

}  // namespace lambent
