// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "collector/query/demangle.h"
#include "collector/symbolize/symbolizer.h"
#include "profiler/os/temp_dir.h"
#include "tests/collector/symbolize/inlined_target.h"

// The target programs and what is to be found in them. Header-only.
namespace lambent::support {

// A form of the target.
inline std::string TargetPath(const std::string& name) {
  return absl::StrCat(LAMBENT_INLINED_TARGETS, "/", name);
}

// "function file:line" each, innermost first.
inline std::vector<std::string> Words(const collector::SourceFrames& frames) {
  std::vector<std::string> words;
  for (const collector::SourceFrame& frame : frames) {
    words.push_back(absl::StrCat(collector::Demangled(frame.function), " ",
                                 std::filesystem::path(frame.file).filename().string(), ":",
                                 frame.line));
  }
  return words;
}

inline std::vector<std::string> ExpectedWords() {
  return {absl::StrCat(kHidden, " inlined_work.h:", LineOf("inlined_work.h", "the spinning line")),
          absl::StrCat("inlined::Worker::Inner(unsigned long) inlined_work.h:",
                       LineOf("inlined_work.h", "the inner call")),
          absl::StrCat("void inlined::Middle<unsigned long>(unsigned long) inlined_target.cc:",
                       LineOf("inlined_target.cc", "the middle call")),
          absl::StrCat("inlined::Outer(unsigned long) inlined_target.cc:",
                       LineOf("inlined_target.cc", "the outer call"))};
}

class SymbolizerTest : public ::testing::Test {
 protected:
  SymbolizerTest() : folder_(*os::TempDir::Create("lambent-symbolize-")) {}

  // Debugging information below the test's own folder only.
  collector::DebugFileSearch Here() const { return {{folder_.path()}, {}}; }

  const os::TempDir folder_;
};

}  // namespace lambent::support
