// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/symbolize/symbolizer.h"

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collector/symbolize/debug_file.h"
#include "tests/collector/symbolize/symbolizer_fixture.h"

namespace lambent::collector {
namespace {

using support::BuildIdOf;
using support::CodeOf;
using support::DeepestCode;
using support::ExpectedWords;
using support::kOuter;
using support::LineOf;
using support::SymbolizerTest;
using support::TargetPath;
using support::Words;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class FormsTest : public SymbolizerTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(FormsTest, NamesFunctionsThatWereInlinedInnermostFirst) {
  const std::string program = TargetPath(GetParam());
  Symbolizer symbolizer({{}, {""}});

  const auto frames = symbolizer.Find(program, BuildIdOf(program), DeepestCode(program));

  ASSERT_TRUE(frames.ok()) << frames.status();
  EXPECT_EQ(Words(*frames), ExpectedWords());
  EXPECT_THAT(frames->back().decl_file, EndsWith("inlined_target.cc"));
  EXPECT_EQ(frames->back().decl_line, LineOf("inlined_target.cc", "void Outer("));
  EXPECT_EQ(frames->back().start, CodeOf(program, kOuter).first);
  EXPECT_EQ((*frames)[1].decl_line, LineOf("inlined_work.h", "void Inner("));
}

INSTANTIATE_TEST_SUITE_P(Dwarf, FormsTest,
                         ::testing::Values("inlined_target", "inlined_target_dwarf4",
                                           "inlined_target_split"));

TEST_F(SymbolizerTest, FindsTheDebugFileOfABuildId) {
  const std::string program = TargetPath("inlined_target");
  support::SplitDebugInformation(program, folder_.path(), folder_.path() + "/stripped");
  Symbolizer symbolizer(Here());

  const auto frames =
      symbolizer.Find("/var/task/bootstrap", BuildIdOf(program), DeepestCode(program));

  ASSERT_TRUE(frames.ok()) << frames.status();
  EXPECT_EQ(Words(*frames), ExpectedWords());
}

TEST_F(SymbolizerTest, FollowsTheLinkOfAStrippedFile) {
  const std::string program = TargetPath("inlined_target");
  const std::string script = R"(set -e
cd "$1"
mkdir .debug
objcopy --only-keep-debug "$2" .debug/linked.debug
strip --strip-all -o stripped "$2"
objcopy --add-gnu-debuglink=.debug/linked.debug stripped)";
  const auto split = support::RunProgram({"sh", "-c", script, "sh", folder_.path(), program});
  ASSERT_TRUE(split.ok()) << split.Describe();
  Symbolizer symbolizer({{}, {""}});

  const auto frames =
      symbolizer.Find(folder_.path() + "/stripped", BuildIdOf(program), DeepestCode(program));

  ASSERT_TRUE(frames.ok()) << frames.status();
  EXPECT_EQ(Words(*frames), ExpectedWords());
}

TEST_F(SymbolizerTest, DoesNotUseAFileOfAnotherBuildId) {
  const std::string program = TargetPath("inlined_target");
  const std::string other = TargetPath("inlined_target_dwarf4");
  ASSERT_NE(BuildIdOf(program), BuildIdOf(other));
  const std::string path = BuildIdPath(folder_.path(), BuildIdOf(program));
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::filesystem::copy_file(other, path);
  Symbolizer symbolizer({{folder_.path()}, {""}});

  const auto frames = symbolizer.Find(other, BuildIdOf(program), CodeOf(program, kOuter).first);

  EXPECT_EQ(frames.status().code(), absl::StatusCode::kNotFound) << frames.status();
}

TEST_F(SymbolizerTest, NeverOpensAModulesOwnPathWithoutARoot) {
  const std::string program = TargetPath("inlined_target");
  Symbolizer symbolizer(Here());

  const auto frames = symbolizer.Find(program, BuildIdOf(program), CodeOf(program, kOuter).first);

  EXPECT_EQ(frames.status().code(), absl::StatusCode::kNotFound) << frames.status();
}

TEST_F(SymbolizerTest, LooksAgainForAFileThatWasMissing) {
  const std::string program = TargetPath("inlined_target");
  const std::string id = BuildIdOf(program);
  const uint64_t address = CodeOf(program, kOuter).first;
  Symbolizer symbolizer(Here());
  ASSERT_FALSE(symbolizer.Find("/bootstrap", id, address).ok());
  support::SplitDebugInformation(program, folder_.path(), folder_.path() + "/stripped");

  EXPECT_FALSE(symbolizer.Find("/bootstrap", id, address).ok());
  symbolizer.LookAgain();
  EXPECT_TRUE(symbolizer.Find("/bootstrap", id, address).ok());
}

TEST_F(SymbolizerTest, SaysThatThereIsNoDebuggingInformation) {
  const std::string program = TargetPath("inlined_target_bare");
  Symbolizer symbolizer({{folder_.path()}, {""}});

  const auto frames = symbolizer.Find(program, BuildIdOf(program), CodeOf(program, kOuter).first);

  EXPECT_EQ(frames.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(frames.status().message()), HasSubstr("debugging information of"));
}

TEST_F(SymbolizerTest, SaysWhereNoFunctionIs) {
  const std::string program = TargetPath("inlined_target");
  Symbolizer symbolizer({{}, {""}});

  const auto frames = symbolizer.Find(program, BuildIdOf(program), 0xffff'ffff'0000);

  EXPECT_EQ(frames.status().code(), absl::StatusCode::kNotFound);
}

// Seeded: each round spoils other bytes. What is asked is that something comes back.
TEST_F(SymbolizerTest, SurvivesDamagedDebuggingInformation) {
  const std::string program = TargetPath("inlined_target");
  const std::string good = support::ReadFile(program);
  const auto [low, high] = CodeOf(program, kOuter);
  std::minstd_rand random(7);
  int refused = 0;
  for (int round = 0; round < 60; ++round) {
    std::string spoilt = good;
    for (int i = 0; i < 1 << (round % 12); ++i) {
      spoilt[random() % spoilt.size()] = static_cast<char>(random());
    }
    if (round % 7 == 0) spoilt.resize(random() % spoilt.size());
    const auto file = DebugFile::Read(os::MemoryFileBytes(spoilt));
    if (!file.ok()) {
      ++refused;
      continue;
    }
    for (uint64_t at = low; at < high; at += 5) {
      const auto frames = (*file)->Find(at);
      if (!frames.ok()) {
        ++refused;
      } else {
        ASSERT_FALSE(frames->empty());
      }
    }
  }
  EXPECT_GT(refused, 0);
}

TEST_F(SymbolizerTest, RefusesWhatIsNoElfFile) {
  for (const char* bytes : {"",
                            "\x7f"
                            "EL",
                            "\x7f"
                            "ELF",
                            "#!/bin/sh\n"}) {
    EXPECT_EQ(DebugFile::Read(os::MemoryFileBytes(bytes)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bytes;
  }
}

}  // namespace
}  // namespace lambent::collector
