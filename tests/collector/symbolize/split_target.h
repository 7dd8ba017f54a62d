// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "absl/strings/ascii.h"
#include "gtest/gtest.h"

#include "tests/support/program.h"

// A program most of whose debugging information is in a file beside it (-gsplit-dwarf).
// Header-only.
namespace lambent::support {

// The file that inlined_target_split's entries were split off into.
inline std::string SplitFile() {
  return LAMBENT_INLINED_TARGETS
      "/CMakeFiles/inlined_target_split.dir/targets/inlined_target.cc.dwo";
}

// Writes a copy of the program to `copy`, which looks for its split file at `split_file` instead.
inline void CopySplitProgram(const std::string& copy, const std::string& split_file) {
  const std::string program = LAMBENT_INLINED_TARGETS "/inlined_target_split";
  std::string bytes = ReadFile(program);
  const size_t end = bytes.find(std::string(".dwo\0", 5));
  ASSERT_NE(end, std::string::npos) << program << " names no split file";
  size_t start = end;  // of the name, which its section may begin with
  while (start > 0 && absl::ascii_isprint(static_cast<unsigned char>(bytes[start - 1]))) --start;
  const size_t room = end + 4 - start;
  ASSERT_LE(split_file.size(), room);
  bytes.replace(start, room, split_file + std::string(room - split_file.size(), '\0'));
  WriteFile(copy, bytes);
  std::filesystem::permissions(copy, std::filesystem::perms::owner_all);
}

}  // namespace lambent::support
