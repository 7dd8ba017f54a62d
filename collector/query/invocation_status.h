// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lambent::collector {

// Names of lambent.v1.InvocationStatus, by number; unknown numbers are "unknown". Pure.
constexpr std::string_view InvocationStatusName(uint32_t status) {
  constexpr std::string_view kNames[] = {"unknown", "success", "error", "timeout", "failure"};
  return status < 5 ? kNames[status] : kNames[0];
}

// The inverse; nothing for any other text, nor for "unknown". Pure.
constexpr std::optional<uint32_t> ParseInvocationStatus(std::string_view name) {
  for (uint32_t status = 1; status < 5; ++status) {
    if (InvocationStatusName(status) == name) return status;
  }
  return std::nullopt;
}

}  // namespace lambent::collector
