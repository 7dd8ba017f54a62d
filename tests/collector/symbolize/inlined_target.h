// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "collector/symbolize/debug_file.h"
#include "collector/symbolize/symbolizer.h"
#include "profiler/os/file_bytes.h"
#include "tests/support/program.h"
#include "tests/support/split_debug.h"

// The program of targets/inlined_target.cc, as tests look at it. Header-only.
namespace lambent::support {

// The function the others are inlined into.
inline constexpr char kOuter[] = "_ZN7inlined5OuterEm";
// The innermost, as it is shown. gcc notes no mangled name of it, and so no parameters.
#if defined(__clang__)
inline constexpr char kHidden[] = "inlined::(anonymous namespace)::Hidden(unsigned long)";
#else
inline constexpr char kHidden[] = "inlined::(anonymous namespace)::Hidden";
#endif

// The line of a source file below tests/collector/symbolize/targets that holds `text`; 0: none.
inline uint32_t LineOf(const std::string& file, const std::string& text) {
  std::istringstream lines(
      ReadFile(LAMBENT_SOURCE_DIR "/tests/collector/symbolize/targets/" + file));
  uint32_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find(text) != std::string::npos) return number;
  }
  return 0;
}

// First and one past the last address of a function of an unstripped program.
inline std::pair<uint64_t, uint64_t> CodeOf(const std::string& program, const std::string& symbol) {
  const Finished nm = RunProgram({"nm", "--print-size", "--defined-only", program});
  EXPECT_TRUE(nm.ok()) << nm.Describe();
  std::istringstream lines(nm.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    uint64_t start = 0;
    uint64_t size = 0;
    std::string type;
    std::string name;
    if (words >> std::hex >> start >> size >> type >> name && name == symbol) {
      return {start, start + size};
    }
  }
  ADD_FAILURE() << program << " has no function " << symbol;
  return {0, 0};
}

inline std::string BuildIdOf(const std::string& program) {
  const auto file = collector::DebugFile::Read(**os::OpenFileBytes(program));
  return file.ok() ? (*file)->build_id() : std::string();
}

// An address of a program with debugging information where the innermost function spins.
inline uint64_t DeepestCode(const std::string& program) {
  collector::Symbolizer symbolizer({{}, {""}});
  const uint32_t line = LineOf("inlined_work.h", "the spinning line");
  const auto [low, high] = CodeOf(program, kOuter);
  for (uint64_t at = low; at < high; ++at) {
    const auto frames = symbolizer.Find(program, BuildIdOf(program), at);
    if (frames.ok() && frames->size() == 4 && (*frames)[0].line == line) return at;
  }
  ADD_FAILURE() << program << ": nothing is inlined";
  return 0;
}

}  // namespace lambent::support
