// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/mini_debug_info.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "profiler/os/file_bytes.h"
#include "profiler/os/temp_dir.h"
#include "profiler/symbols/function_ranges.h"
#include "profiler/symbols/symbol_index.h"
#include "tests/fakes/counting_file_bytes.h"
#include "tests/support/elf_image.h"
#include "tests/support/emulation.h"
#include "tests/support/xz.h"

namespace lambent {
namespace {

using ::lambent::support::ElfImage;
using ::lambent::support::Xz;

absl::StatusOr<std::string> Read(const ElfImage& image, MiniDebugInfoBudget& budget) {
  const os::MemoryFileBytes file(image.Build());
  const auto sections = ElfSections::Parse(file);
  EXPECT_TRUE(sections.ok()) << sections.status();
  return ReadMiniDebugInfo(file, *sections, budget);
}

absl::StatusOr<std::string> Read(const ElfImage& image) {
  MiniDebugInfoBudget budget;
  return Read(image, budget);
}

std::unique_ptr<SymbolIndex> Index(const ElfImage& image, MiniDebugInfoBudget* budget = nullptr) {
  auto index = SymbolIndex::Create(std::make_unique<os::MemoryFileBytes>(image.Build()), budget);
  EXPECT_TRUE(index.ok()) << index.status();
  return *std::move(index);
}

TEST(MiniDebugInfoTest, DecompressesTheSection) {
  const auto bytes = Read(ElfImage().Section(".gnu_debugdata", Xz("an ELF file")));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(*bytes, "an ELF file");
}

TEST(MiniDebugInfoTest, TellsAMissingSectionFromABadOne) {
  EXPECT_EQ(Read(ElfImage()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Read(ElfImage().Section(".gnu_debugdata", "no xz")).status().code(),
            absl::StatusCode::kInvalidArgument);
  const std::string xz = Xz(std::string(100'000, 'x'));
  for (size_t size = 0; size < xz.size(); size += 3) {
    EXPECT_EQ(Read(ElfImage().Section(".gnu_debugdata", xz.substr(0, size))).status().code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
}

TEST(MiniDebugInfoTest, RefusesABomb) {
  const std::string most(kMaxMiniDebugInfoBytes, '\0');
  EXPECT_TRUE(Read(ElfImage().Section(".gnu_debugdata", Xz(most, 0))).ok());
  const std::string bomb = Xz(most + '\0', 0);
  EXPECT_LT(bomb.size(), 8'000u);
  EXPECT_EQ(Read(ElfImage().Section(".gnu_debugdata", bomb)).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(MiniDebugInfoTest, RefusesAStreamWhoseWindowIsTooLarge) {
  EXPECT_TRUE(Read(ElfImage().Section(".gnu_debugdata", Xz("small", 7))).ok());
  EXPECT_EQ(Read(ElfImage().Section(".gnu_debugdata", Xz("small", 9))).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(MiniDebugInfoTest, TakesWhatItDecompressesOffTheBudget) {
  const ElfImage image = ElfImage().Section(".gnu_debugdata", Xz(std::string(400'000, 'x')));
  MiniDebugInfoBudget budget{1'000'000};
  EXPECT_TRUE(Read(image, budget).ok());
  EXPECT_EQ(budget.left_bytes, 600'000u);
  EXPECT_TRUE(Read(image, budget).ok());
  EXPECT_EQ(budget.left_bytes, 200'000u);
  EXPECT_EQ(Read(image, budget).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.left_bytes, 0u) << "what is refused took its time, too";
  EXPECT_EQ(Read(ElfImage().Section(".gnu_debugdata", Xz("x")), budget).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Read(ElfImage(), budget).status().code(), absl::StatusCode::kNotFound);
}

TEST(MiniDebugInfoTest, RefusesAStreamOfBlocksWithoutContent) {
  const std::string blocks = support::XzEmptyBlocks(1 << 20);
  ASSERT_GE(blocks.size(), size_t{1} << 20);
  fakes::FileReads reads;
  const fakes::CountingFileBytes file(ElfImage().Section(".gnu_debugdata", blocks).Build(), &reads);
  const auto sections = ElfSections::Parse(file);
  ASSERT_TRUE(sections.ok());
  MiniDebugInfoBudget budget{2 << 20};
  const size_t before = reads.bytes;
  EXPECT_EQ(ReadMiniDebugInfo(file, *sections, budget).status().code(),
            absl::StatusCode::kResourceExhausted);
  const size_t read = reads.bytes - before;
  EXPECT_LT(read, 100'000u);
  EXPECT_GE((2 << 20) - budget.left_bytes, read / 2) << "it took its time, too";
}

TEST(MiniDebugInfoTest, TakesWhatCannotBeMadeSmaller) {
  std::string noise(1 << 20, '\0');
  uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  const std::string xz = Xz(noise);
  EXPECT_GT(xz.size(), noise.size());
  const auto bytes = Read(ElfImage().Section(".gnu_debugdata", xz));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(*bytes, noise);
}

TEST(MiniDebugInfoTest, DoesNotReadAStreamThatIsLargerThanItsContentMayBe) {
  fakes::FileReads reads;
  const fakes::CountingFileBytes file(
      ElfImage().Section(".gnu_debugdata", std::string(100'000, '\0')).Build(), &reads);
  const auto sections = ElfSections::Parse(file);
  ASSERT_TRUE(sections.ok());
  MiniDebugInfoBudget budget{99'999};
  const size_t before = reads.bytes;
  EXPECT_EQ(ReadMiniDebugInfo(file, *sections, budget).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_LT(reads.bytes - before, 1000u);
}

TEST(MiniDebugInfoTest, IndexesThatShareABudgetKeepToIt) {
  const std::string inner = ElfImage().Function("hidden", 0x1100, 0x10).Build();
  const ElfImage image =
      ElfImage().DynamicFunction("exported", 0x1000, 0x10).Section(".gnu_debugdata", Xz(inner));
  MiniDebugInfoBudget budget{2 * inner.size()};
  for (const char* expected : {"hidden", "hidden", ""}) {
    auto index = Index(image, &budget);
    EXPECT_EQ(index->Find(0x1108).name, expected);
    EXPECT_EQ(index->Find(0x1008).name, "exported");
  }
}

TEST(MiniDebugInfoTest, AddsToWhatIsExported) {
  const std::string inner = ElfImage().Function("hidden", 0x1100, 0x10).Build();
  auto index = Index(
      ElfImage().DynamicFunction("exported", 0x1000, 0x10).Section(".gnu_debugdata", Xz(inner)));
  EXPECT_EQ(index->Find(0x1008).name, "exported");
  EXPECT_EQ(index->Find(0x1108).name, "hidden");
  EXPECT_EQ(index->Find(0x1050).name, "");
}

TEST(MiniDebugInfoTest, IsNotAskedWhereThereIsAWholeTable) {
  const std::string inner = ElfImage().Function("other", 0x1100, 0x10).Build();
  auto index = Index(ElfImage().Function("f", 0x1000, 0x10).Section(".gnu_debugdata", Xz(inner)));
  EXPECT_EQ(index->Find(0x1108).name, "");
}

TEST(MiniDebugInfoTest, WhatIsNoElfFileAddsNothing) {
  auto index = Index(
      ElfImage().DynamicFunction("exported", 0x1000, 0x10).Section(".gnu_debugdata", Xz("text")));
  EXPECT_EQ(index->Find(0x1108).name, "");
  EXPECT_EQ(index->Find(0x1008).name, "exported");
}

// Makes of `program` what distributions ship, in the way of GDB's manual ("MiniDebugInfo").
bool Strip(const std::string& folder, const std::string& program) {
  const std::string script =
      "set -e; cd " + folder + "; cp " + program +
      " whole; cp whole stripped; strip --strip-all stripped;"
      "nm -D whole --format=posix --defined-only | cut -d' ' -f1 | sort > dynamic;"
      "nm whole --format=posix --defined-only | grep ' [TtWw] ' | cut -d' ' -f1 | sort > all;"
      "comm -13 dynamic all > keep; objcopy --only-keep-debug whole debug;"
      "objcopy -S --remove-section .comment --keep-symbols=keep debug mini; xz -k mini;"
      "objcopy --add-section .gnu_debugdata=mini.xz stripped small";
  return std::system(script.c_str()) == 0;
}

extern "C" __attribute__((noinline, used, visibility("hidden"))) int LambentMiniDebugMarker(int x) {
  __asm__ volatile("" : "+r"(x));
  return x + 2;
}

// Of every function of this very program, whole and stripped to mini debug info.
TEST(MiniDebugInfoTest, NamesTheFunctionsOfAStrippedProgram) {
  LAMBENT_SKIP_IF_EMULATED();
  const os::TempDir folder = *os::TempDir::Create("lambent-mini-");
  ASSERT_TRUE(Strip(folder.path(), "/proc/" + std::to_string(getpid()) + "/exe"));
  const auto open = [&](const std::string& name) {
    return SymbolIndex::Create(*os::OpenFileBytes(folder.path() + "/" + name));
  };
  auto whole = FunctionRanges::Read(*os::OpenFileBytes(folder.path() + "/whole"));
  ASSERT_TRUE(whole.ok()) << whole.status();
  auto stripped = open("stripped");
  auto small = open("small");
  ASSERT_TRUE(stripped.ok() && small.ok());
  std::vector<uint64_t> addresses;
  for (const FunctionRanges::Range& range : whole->ranges()) addresses.push_back(range.start);
  (*small)->Prepare(addresses);
  size_t same = 0;
  bool marker = false;
  for (const FunctionRanges::Range& range : whole->ranges()) {
    const std::string name = whole->Name(range);
    same += (*small)->Find(range.start).name == name ? 1 : 0;
    if (name != "LambentMiniDebugMarker") continue;
    marker = true;
    EXPECT_EQ((*small)->Find(range.start).name, name);
    EXPECT_EQ((*stripped)->Find(range.start).name, "");
  }
  EXPECT_TRUE(marker);
  // Names that --keep-symbols takes apart differently (aliases) are few.
  EXPECT_GE(same, whole->ranges().size() * 95 / 100) << whole->ranges().size();
}

}  // namespace
}  // namespace lambent
