// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/system_call_name.h"

#include <asm/unistd.h>

#include <array>
#include <cstddef>

namespace lambent::os {
namespace {

// More than x86-64 and arm64 have; a header that goes beyond stops the build.
constexpr size_t kNumbers = 1024;

constexpr std::array<std::string_view, kNumbers> Names() {
  std::array<std::string_view, kNumbers> names{};
// The names of the header above, one LAMBENT_SYSTEM_CALL(name) each: .cmake/system_calls.cmake.
#define LAMBENT_SYSTEM_CALL(name) names.at(__NR_##name) = #name;
#include "profiler/os/linux/system_calls.inc"
#undef LAMBENT_SYSTEM_CALL
  return names;
}

constexpr std::array<std::string_view, kNumbers> kNames = Names();

}  // namespace

std::string_view SystemCallName(int64_t number) {
  const auto index = static_cast<size_t>(number);
  return index < kNames.size() ? kNames[index] : std::string_view();
}

}  // namespace lambent::os
