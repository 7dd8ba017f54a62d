// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lambent {

// One line of /proc/PID/maps, proc(5).
struct Mapping {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t offset = 0;  // into the file
  uint64_t device = 0;  // as the text has it: major << 32 | minor
  uint64_t inode = 0;   // 0: anonymous
  bool readable = false;
  bool executable = false;
  bool deleted = false;  // its path no longer leads to the file
  std::string path;      // "[stack]", "[vdso]", a file's path, or empty

  friend bool operator==(const Mapping&, const Mapping&) = default;
};

// Most mappings kept of one process.
inline constexpr size_t kMaxMappings = 65536;

// The mappings in `text`, ascending. Lines the kernel would not write are left out, and so is what
// overlaps an earlier mapping. A pure function of an untrusted text.
std::vector<Mapping> ParseMaps(std::string_view text);

}  // namespace lambent
