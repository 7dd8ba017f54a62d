// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// The text of /proc/PID/maps: names of files are the target's choice.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "profiler/target/process_maps.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  uint64_t covered = 0;
  for (const auto& mapping :
       lambent::ParseMaps(std::string_view(reinterpret_cast<const char*>(input), size))) {
    if (mapping.start < covered || mapping.end <= mapping.start) std::abort();
    covered = mapping.end;
  }
  return 0;
}
