// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collector/symbolize/debug_file.h"
#include "collector/symbolize/symbolizer.h"
#include "tests/collector/symbolize/symbolizer_fixture.h"

namespace lambent::collector {
namespace {

using support::BuildIdOf;
using support::DeepestCode;
using support::ExpectedWords;
using support::TargetPath;
using support::Words;
using ::testing::SizeIs;

const DebugFileSearch kOwnFiles{{}, {""}};

class MemoryBoundTest : public support::SymbolizerTest {
 protected:
  struct Target {
    explicit Target(const std::string& name)
        : path(TargetPath(name)), build_id(BuildIdOf(path)), deepest(DeepestCode(path)) {}
    absl::StatusOr<SourceFrames> AskedOf(Symbolizer& symbolizer) const {
      return symbolizer.Find(path, build_id, deepest);
    }
    // Once it was asked.
    size_t Bytes() const {
      Symbolizer symbolizer(kOwnFiles);
      EXPECT_TRUE(AskedOf(symbolizer).ok());
      return symbolizer.bytes();
    }

    std::string path;
    std::string build_id;
    uint64_t deepest;
  };

  const Target plain_{"inlined_target"};
  const Target compressed_{"inlined_target_dwarf4"};
};

TEST_F(MemoryBoundTest, AFileCountsWithWhatIsCompressedInIt) {
  const std::string expanded = folder_.path() + "/expanded";
  const auto made =
      support::RunProgram({"objcopy", "--decompress-debug-sections", compressed_.path, expanded});
  ASSERT_TRUE(made.ok()) << made.Describe();
  const uint64_t gained =
      std::filesystem::file_size(expanded) - std::filesystem::file_size(compressed_.path);
  ASSERT_GT(gained, 10'000U);

  const auto file = DebugFile::Read(**os::OpenFileBytes(compressed_.path));

  EXPECT_GT((*file)->bytes(), std::filesystem::file_size(compressed_.path) + gained);
}

TEST_F(MemoryBoundTest, AFileCountsWithWhatIsKeptToAnswer) {
  const auto file = DebugFile::Read(**os::OpenFileBytes(plain_.path));
  const size_t before = (*file)->bytes();
  ASSERT_TRUE((*file)->Find(plain_.deepest).ok());
  const size_t after = (*file)->bytes();
  EXPECT_GT(after, before + 20'000) << "a unit, its lines and its functions";
  ASSERT_TRUE((*file)->Find(plain_.deepest + 1).ok());
  EXPECT_EQ((*file)->bytes(), after) << "the same unit";
}

TEST_F(MemoryBoundTest, RoomIsAskedForBeforeItIsTaken) {
  const auto bytes = os::OpenFileBytes(compressed_.path);
  std::vector<uint64_t> asked;
  const auto yes = [&](uint64_t more) {
    asked.push_back(more);
    return true;
  };
  ASSERT_TRUE(DebugFile::Read(**bytes, yes).ok());
  ASSERT_THAT(asked, SizeIs(2));
  EXPECT_EQ(asked[0], (*bytes)->size());
  EXPECT_GT(asked[1], 10'000U) << "what is compressed";

  for (const uint64_t refused : asked) {
    const auto file = DebugFile::Read(**bytes, [&](uint64_t more) { return more != refused; });
    EXPECT_EQ(file.status().code(), absl::StatusCode::kResourceExhausted) << file.status();
  }
}

TEST_F(MemoryBoundTest, FilesAreClosedSoThatTheNextOneFits) {
  const size_t limit = plain_.Bytes() + compressed_.Bytes() - 1;
  Symbolizer symbolizer(kOwnFiles, limit);
  for (int round = 0; round < 3; ++round) {
    for (const Target* target : {&plain_, &compressed_}) {
      const auto frames = target->AskedOf(symbolizer);
      ASSERT_TRUE(frames.ok()) << frames.status();
      EXPECT_EQ(Words(*frames), ExpectedWords());
      EXPECT_LE(symbolizer.bytes(), limit);
    }
    // Other code, whose answers are not known yet: each file is read again.
    const uint64_t step = 1 + static_cast<uint64_t>(round);
    for (const Target* target : {&plain_, &compressed_}) {
      EXPECT_TRUE(symbolizer.Find(target->path, target->build_id, target->deepest + step).ok());
      EXPECT_LE(symbolizer.bytes(), limit);
    }
  }
}

TEST_F(MemoryBoundTest, AFileThatDoesNotFitIsNotRead) {
  const size_t limit = std::filesystem::file_size(plain_.path) - 1;
  Symbolizer symbolizer(kOwnFiles, limit);
  EXPECT_EQ(plain_.AskedOf(symbolizer).status().code(), absl::StatusCode::kNotFound);
  EXPECT_LT(symbolizer.bytes(), 10'000U);
}

// Else each question would read the whole file.
TEST_F(MemoryBoundTest, AFileOfWhichOneQuestionIsTooMuchIsAskedOnceAProfile) {
  const size_t limit = std::filesystem::file_size(plain_.path) + 10'000;
  ASSERT_LT(limit, plain_.Bytes());
  Symbolizer symbolizer(kOwnFiles, limit);

  const auto frames = plain_.AskedOf(symbolizer);

  ASSERT_TRUE(frames.ok()) << frames.status();
  EXPECT_EQ(Words(*frames), ExpectedWords());
  EXPECT_LT(symbolizer.bytes(), 10'000U);
  EXPECT_FALSE(symbolizer.Find(plain_.path, plain_.build_id, plain_.deepest + 1).ok());
  EXPECT_TRUE(plain_.AskedOf(symbolizer).ok()) << "that answer is kept";
  symbolizer.LookAgain();
  EXPECT_TRUE(symbolizer.Find(plain_.path, plain_.build_id, plain_.deepest + 1).ok());
}

// Paths come from strangers.
TEST_F(MemoryBoundTest, AnswersAndNamesOfModulesAreBoundedToo) {
  constexpr size_t kLimit = 1'000'000;
  Symbolizer symbolizer({}, kLimit);
  for (int i = 0; i < 1000; ++i) {
    const std::string path = "/" + std::string(4000, 'x') + std::to_string(i);
    EXPECT_FALSE(symbolizer.Find(path, "id", 0x1000).ok());
    ASSERT_LE(symbolizer.bytes(), kLimit);
  }
}

}  // namespace
}  // namespace lambent::collector
