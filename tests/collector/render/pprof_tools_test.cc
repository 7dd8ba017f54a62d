// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// The exports for pprof as the tools people use read them.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

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
  EXPECT_NE(top.out.find("of 1450ms total"), std::string::npos) << top.out;
  EXPECT_NE(top.out.find("750ms 51.72%"), std::string::npos) << top.out;
  EXPECT_NE(top.out.find("<module>"), std::string::npos) << "names are not demangled away";
  EXPECT_NE(top.out.find("std::sort<Item*>(Item*, Item*)"), std::string::npos) << top.out;

  const auto usual = support::RunProgram({"go", "tool", "pprof", "-top", path});
  EXPECT_NE(usual.out.find("Type: cpu"), std::string::npos) << usual.Describe();
  const auto tags = support::RunProgram({"go", "tool", "pprof", "-tags", path});
  EXPECT_NE(tags.out.find("MainThread"), std::string::npos) << tags.Describe();
  EXPECT_NE(tags.out.find("phase"), std::string::npos) << tags.Describe();
  EXPECT_NE(tags.out.find("consistent-read"), std::string::npos) << tags.Describe();
  EXPECT_NE(tags.out.find("partial"), std::string::npos) << tags.Describe();
}

// What google-pprof prints of one function: flat, its share, the running share, cumulative, its
// share. Empty if it prints no such function.
std::vector<std::string> RowOf(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> columns(5);
    for (std::string& column : columns) words >> column;
    std::string rest;
    std::getline(words >> std::ws, rest);
    if (rest == name) return columns;
  }
  return {};
}

class GooglePprofTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto asked = support::RunProgram({"google-pprof", "--version"});
    if (!asked.ok()) GTEST_SKIP() << "google-pprof is not installed: " << asked.Describe();
  }

  static std::string Text(const Profile& profile, Weight weight) {
    const auto folder = os::TempDir::Create("lambent-gperftools");
    EXPECT_TRUE(folder.ok()) << folder.status();
    const std::string path = folder->path() + "/small.prof";
    const auto bytes = Render(profile, Format::kGperftools, weight);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    support::WriteFile(path, *bytes);
    const auto read = support::RunProgram({"google-pprof", "--text", path});
    EXPECT_TRUE(read.ok()) << read.Describe();
    EXPECT_EQ(read.err.find("Removing"), std::string::npos) << read.err;
    return read.out;
  }
};

using Columns = std::vector<std::string>;

TEST_F(GooglePprofTest, ReadsNamesAndSharesOfTime) {
  const std::string text = Text(SmallProfile(), Weight::kWall);
  EXPECT_NE(text.find("Total: 1450 samples"), std::string::npos) << text;
  const auto shares = [&](const std::string& name) {
    const Columns row = RowOf(text, name);
    return row.empty() ? Columns() : Columns{row[0], row[1], row[3], row[4]};
  };
  EXPECT_EQ(shares("[poll]"), (Columns{"750", "51.7%", "750", "51.7%"})) << text;
  EXPECT_EQ(shares("poll"), (Columns{"0", "0.0%", "750", "51.7%"})) << text;
  EXPECT_EQ(shares("handler"), (Columns{"0", "0.0%", "810", "55.9%"})) << text;
  EXPECT_EQ(shares("price_basket"), (Columns{"60", "4.1%", "380", "26.2%"})) << text;
  EXPECT_EQ(shares("[module]"), (Columns{"0", "0.0%", "220", "15.2%"})) << text;
  EXPECT_EQ(shares("std::sort"), (Columns{"110", "7.6%", "110", "7.6%"})) << text;
}

TEST_F(GooglePprofTest, KeepsACallerThatAllStacksHave) {
  ProfileBuilder builder;
  builder.Thread("MainThread");
  const uint32_t handler = builder.Frame(FrameKind::kPython, "handler");
  const uint32_t work = builder.Frame(FrameKind::kPython, "work");
  builder.Add({handler, work}, {0, 0, 2, 7000, 7000, 7});
  const std::string text = Text(builder.Build(), Weight::kCpu);
  EXPECT_EQ(RowOf(text, "handler"), (Columns{"0", "0.0%", "100.0%", "7", "100.0%"})) << text;
  EXPECT_TRUE(RowOf(text, "all").empty()) << text;
}

TEST_F(GooglePprofTest, CountsEverySampleUnderStrangeNames) {
  const std::string text = Text(HostileProfile(), Weight::kSamples);
  EXPECT_NE(text.find("Total: 14 samples"), std::string::npos) << text;
  EXPECT_FALSE(RowOf(text, "line break and tab").empty()) << text;
}

}  // namespace
}  // namespace lambent::collector
