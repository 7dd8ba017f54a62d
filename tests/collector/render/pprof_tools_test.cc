// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// The pprof export as the tool people use reads it.
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "collector/render/render.h"
#include "profiler/os/temp_dir.h"
#include "tests/collector/render/sample_profiles.h"
#include "tests/support/program.h"

namespace lambent::collector {
namespace {

TEST(PprofToolTest, GoToolPprofReadsNamesTypesAndLabels) {
  if (!support::RunProgram({"go", "version"}).ok()) GTEST_SKIP() << "go is not installed";
  const auto folder = os::TempDir::Create("lambent-pprof");
  ASSERT_TRUE(folder.ok()) << folder.status();
  const std::string path = folder->path() + "/small.pb.gz";
  const auto bytes = Render(SmallProfile(), Format::kPprof, Weight::kCpu);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  support::WriteFile(path, *bytes);

  const auto top = support::RunProgram({"go", "tool", "pprof", "-top", "-sample_index=wall", path});
  ASSERT_TRUE(top.ok()) << top.Describe();
  EXPECT_NE(top.out.find("of 1380ms total"), std::string::npos) << top.out;
  EXPECT_NE(top.out.find("750ms 54.35%"), std::string::npos) << top.out;
  EXPECT_NE(top.out.find("<module>"), std::string::npos) << "names are not demangled away";
  EXPECT_NE(top.out.find("std::sort<Item*>(Item*, Item*)"), std::string::npos) << top.out;

  const auto usual = support::RunProgram({"go", "tool", "pprof", "-top", path});
  EXPECT_NE(usual.out.find("Type: cpu"), std::string::npos) << usual.Describe();
  const auto tags = support::RunProgram({"go", "tool", "pprof", "-tags", path});
  EXPECT_NE(tags.out.find("MainThread"), std::string::npos) << tags.Describe();
  EXPECT_NE(tags.out.find("phase"), std::string::npos) << tags.Describe();
}

}  // namespace
}  // namespace lambent::collector
