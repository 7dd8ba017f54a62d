// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Programs whose debugging information was split off: .dwo files are read; packages of them (.dwp)
// are not, up to elfutils 0.190. What is missing must leave functions without lines, not with
// others'.
#include <cstdint>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collector/symbolize/debug_file.h"
#include "collector/symbolize/symbolizer.h"
#include "tests/collector/symbolize/split_target.h"
#include "tests/collector/symbolize/symbolizer_fixture.h"

namespace lambent::collector {
namespace {

using support::BuildIdOf;
using support::CodeOf;
using support::CopySplitProgram;
using support::ExpectedWords;
using support::kOuter;
using support::ReadFile;
using support::RunProgram;
using support::SplitFile;
using support::Words;
using support::WriteFile;

class SplitDwarfTest : public support::SymbolizerTest {
 protected:
  SplitDwarfTest() { CopySplitProgram(program_, split_file_); }

  // What is found of each byte of the outermost function: the number of right answers; others fail.
  int RightAnswers() {
    Symbolizer symbolizer({{}, {""}});
    const std::string build_id = BuildIdOf(program_);
    const auto [low, high] = CodeOf(program_, kOuter);
    int right = 0;
    for (uint64_t at = low; at < high; ++at) {
      const auto frames = symbolizer.Find(program_, build_id, at);
      if (!frames.ok()) {
        EXPECT_EQ(frames.status().code(), absl::StatusCode::kNotFound) << frames.status();
        continue;
      }
      if (Words(*frames) == ExpectedWords()) ++right;
      EXPECT_EQ(frames->back().start, low);
      EXPECT_EQ(Words(*frames).back().substr(0, 15), "inlined::Outer(");
    }
    return right;
  }

  const std::string program_ = folder_.path() + "/program";
  const std::string split_file_ = folder_.path() + "/program.dwo";
};

TEST_F(SplitDwarfTest, TheSplitFileIsRead) {
  WriteFile(split_file_, ReadFile(SplitFile()));
  EXPECT_GT(RightAnswers(), 0);
}

TEST_F(SplitDwarfTest, WithoutTheSplitFileNothingIsFound) { EXPECT_EQ(RightAnswers(), 0); }

TEST_F(SplitDwarfTest, ASplitFileOfAnotherBuildIsNotUsed) {
  WriteFile(split_file_, ReadFile(SplitFile()));
  ASSERT_GT(RightAnswers(), 0);
  // DWARF 5, section 7.5.1.2: version, type (skeleton), address size, place of abbreviations, then
  // the identifier that both halves have.
  const std::string head("\x05\x00\x04\x08\x00\x00\x00\x00", 8);
  std::string bytes = ReadFile(program_);
  const size_t at = bytes.find(head);
  if (at == std::string::npos) GTEST_SKIP() << "this compiler writes another version";
  bytes[at + head.size()] = static_cast<char>(bytes[at + head.size()] ^ 0x55);
  WriteFile(program_, bytes);
  EXPECT_EQ(RightAnswers(), 0);
}

// Today's elfutils does not look for it; one that does must find the same.
TEST_F(SplitDwarfTest, APackageGivesWhatIsRightOrNothing) {
  const std::string package = program_ + ".dwp";
  bool made = false;
  for (const char* tool : {"llvm-dwp", "llvm-dwp-14", "dwp"}) {
    made = made || RunProgram({tool, SplitFile(), "-o", package}).ok();
  }
  if (!made) GTEST_SKIP() << "no tool here packs split files of this version";
  RightAnswers();
  const auto file = DebugFile::Read(**os::OpenFileBytes(package));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE((*file)->Find(CodeOf(program_, kOuter).first).ok()) << "a package by itself";
}

// Seeded: each round spoils other bytes. What is asked is that something comes back.
TEST_F(SplitDwarfTest, ADamagedSplitFileIsSurvived) {
  const std::string good = ReadFile(SplitFile());
  const auto [low, high] = CodeOf(program_, kOuter);
  std::minstd_rand random(11);
  for (int round = 0; round < 60; ++round) {
    std::string spoilt = good;
    for (int i = 0; i < 1 << (round % 12); ++i) {
      spoilt[random() % spoilt.size()] = static_cast<char>(random());
    }
    if (round % 7 == 0) spoilt.resize(random() % spoilt.size());
    WriteFile(split_file_, spoilt);
    const auto file = DebugFile::Read(**os::OpenFileBytes(program_));
    ASSERT_TRUE(file.ok()) << file.status();
    for (uint64_t at = low; at < high; at += 5) {
      const auto frames = (*file)->Find(at);
      EXPECT_TRUE(!frames.ok() || !frames->empty());
    }
  }
}

}  // namespace
}  // namespace lambent::collector
