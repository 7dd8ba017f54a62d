// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace lambent {

// What the environment was doing. Values equal lambent.v1.Phase.
enum class Phase : uint8_t {
  kUnspecified = 0,
  kInit = 1,
  kInvoke = 2,
  kAfter = 3,
  kShutdown = 4,
};

constexpr std::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kInit:
      return "init";
    case Phase::kInvoke:
      return "invoke";
    case Phase::kAfter:
      return "after";
    case Phase::kShutdown:
      return "shutdown";
    case Phase::kUnspecified:
      break;
  }
  return "unspecified";
}

}  // namespace lambent
