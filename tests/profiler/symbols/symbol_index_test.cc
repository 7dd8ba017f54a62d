// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/symbol_index.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "profiler/os/file_bytes.h"
#include "tests/fakes/counting_file_bytes.h"
#include "tests/support/elf_image.h"

// Set by the linker: where this program's ELF header was loaded.
extern "C" const char __ehdr_start;

namespace lambent {
namespace {

using ::lambent::support::ElfImage;

std::unique_ptr<SymbolIndex> Index(std::string bytes) {
  auto index = SymbolIndex::Create(std::make_unique<os::MemoryFileBytes>(std::move(bytes)));
  EXPECT_TRUE(index.ok()) << index.status();
  return index.ok() ? *std::move(index) : nullptr;
}

TEST(SymbolIndexTest, FindsTheFunctionAroundAnAddress) {
  auto index =
      Index(ElfImage().Function("first", 0x1000, 0x10).Function("second", 0x1010, 0x20).Build());
  EXPECT_EQ(index->Find(0x1000).name, "first");
  EXPECT_EQ(index->Find(0x100f).name, "first");
  const FunctionSymbol second = index->Find(0x1018);
  EXPECT_EQ(second.name, "second");
  EXPECT_EQ(second.start, 0x1010u);
  EXPECT_TRUE(second.exact);
}

TEST(SymbolIndexTest, NeverGuessesBetweenFunctions) {
  auto index =
      Index(ElfImage().Function("before", 0x1000, 0x10).Function("after", 0x1100, 0x10).Build());
  EXPECT_EQ(index->Find(0x1010).name, "");
  EXPECT_EQ(index->Find(0x1020).start, 0x1010u) << "of the gap";
  EXPECT_EQ(index->Find(0x10ff).name, "");
  EXPECT_EQ(index->Find(0x0fff).name, "");
  EXPECT_EQ(index->Find(0x1110).name, "");
}

TEST(SymbolIndexTest, ASymbolWithoutSizeReachesToTheNextEdgeOfItsSection) {
  auto index =
      Index(ElfImage().Function("assembly", 0x1000, 0).Function("sized", 0x1100, 0x10).Build());
  const FunctionSymbol assembly = index->Find(0x10ff);
  EXPECT_EQ(assembly.name, "assembly");
  EXPECT_FALSE(assembly.exact);
  EXPECT_EQ(index->Find(0x1110).name, "") << "behind another function nobody knows whose it is";
}

TEST(SymbolIndexTest, ASymbolWithoutSizeEndsWithItsSection) {
  auto index = Index(ElfImage().Function("assembly", 0x1000, 0).Build());
  EXPECT_EQ(index->Find(0x1fff).name, "assembly");
  EXPECT_EQ(index->Find(0x2000).name, "");
}

TEST(SymbolIndexTest, PrefersTheInnermostFunction) {
  auto index =
      Index(ElfImage().Function("outer", 0x1000, 0x100).Function("inner", 0x1020, 0x10).Build());
  EXPECT_EQ(index->Find(0x1024).name, "inner");
  EXPECT_EQ(index->Find(0x1010).name, "outer");
  EXPECT_EQ(index->Find(0x1030).name, "outer");
}

TEST(SymbolIndexTest, PrefersGlobalThenPlainNamesAmongAliases) {
  auto index = Index(ElfImage()
                         .Function("zeta_local", 0x1000, 0x10, STB_LOCAL)
                         .Function("__read", 0x1000, 0x10)
                         .Function("read", 0x1000, 0x10)
                         .Function("aweak", 0x1000, 0x10, STB_WEAK)
                         .Build());
  EXPECT_EQ(index->Find(0x1004).name, "read");
}

TEST(SymbolIndexTest, IgnoresWhatIsNotAFunction) {
  auto index = Index(ElfImage().Function("table", 0x1000, 0x10, STB_GLOBAL, STT_OBJECT).Build());
  EXPECT_EQ(index->Find(0x1004).name, "");
}

TEST(SymbolIndexTest, FallsBackToDynamicSymbols) {
  auto index = Index(ElfImage().DynamicFunction("exported", 0x1000, 0x10).Build());
  EXPECT_EQ(index->Find(0x1004).name, "exported");
}

TEST(SymbolIndexTest, AnswersAFileWithoutSymbols) {
  auto index = Index(ElfImage().Build());
  EXPECT_EQ(index->Find(0x1004).name, "");
}

TEST(SymbolIndexTest, PreparesMoreAddressesThanABatchHolds) {
  ElfImage image;
  std::vector<uint64_t> addresses;
  for (uint64_t i = 0; i < 3 * SymbolIndex::kBatch; ++i) {
    image.Function("f" + std::to_string(i), 0x1000 + i * 16, 16);
    addresses.push_back(0x1000 + i * 16 + 8);
  }
  auto index = Index(image.Build());
  index->Prepare(addresses);
  for (uint64_t i = 0; i < addresses.size(); ++i) {
    EXPECT_EQ(index->Find(addresses[i]).name, "f" + std::to_string(i));
  }
}

TEST(SymbolIndexTest, AnswersForAWholeFunctionFromOnePass) {
  fakes::FileReads reads;
  auto index = SymbolIndex::Create(std::make_unique<fakes::CountingFileBytes>(
      ElfImage().Function("f", 0x1000, 0x100).Function("g", 0x1200, 8).Build(), &reads));
  ASSERT_TRUE(index.ok());
  EXPECT_EQ((*index)->Find(0x1001).name, "f");
  const size_t after_first = reads.calls;
  EXPECT_EQ((*index)->Find(0x10f0).name, "f");
  EXPECT_EQ(reads.calls, after_first);
  EXPECT_EQ((*index)->Find(0x1150).name, "");
  const size_t after_gap = reads.calls;
  EXPECT_EQ((*index)->Find(0x11ff).name, "") << "what is nobody's is remembered too";
  EXPECT_EQ(reads.calls, after_gap);
}

TEST(SymbolIndexTest, ManyLongNamesOfOnePlaceCostLittleMoreThanTheTable) {
  ElfImage image;
  const std::string name(FunctionTables::kMaxNameBytes, 'x');
  for (int i = 0; i < 200'000; ++i) image.Function(name, 0x1000, 0x100);
  const std::string bytes = image.Build();
  fakes::FileReads reads;
  auto index = SymbolIndex::Create(std::make_unique<fakes::CountingFileBytes>(bytes, &reads));
  ASSERT_TRUE(index.ok());
  std::vector<uint64_t> addresses;
  for (uint64_t i = 0; i < SymbolIndex::kBatch; ++i) addresses.push_back(0x1000 + i);
  (*index)->Prepare(addresses);
  EXPECT_EQ((*index)->Find(0x1000).name, name);
  // The table in pieces of 256 symbols; of each address some names, and one whole.
  EXPECT_LT(reads.calls, 200'000 / 256 + SymbolIndex::kBatch * (BestName::kMaxCompared + 32));
  EXPECT_LT(reads.bytes, 3 * bytes.size());
}

TEST(SymbolIndexTest, CutsOffNamesWithoutEnd) {
  auto index = Index(ElfImage().Function(std::string(100'000, 'x'), 0x1000, 0x10).Build());
  EXPECT_EQ(index->Find(0x1000).name.size(), SymbolIndex::kMaxNameBytes);
}

TEST(SymbolIndexTest, ReadsTheBuildId) {
  auto index = Index(ElfImage().BuildId("\x01\x02\x03\x04\x05").Build());
  EXPECT_EQ(index->BuildId(), "\x01\x02\x03\x04\x05");
}

TEST(SymbolIndexTest, RefusesWhatIsNotElf) {
  EXPECT_FALSE(SymbolIndex::Create(std::make_unique<os::MemoryFileBytes>("#!/bin/sh\n")).ok());
  EXPECT_FALSE(SymbolIndex::Create(std::make_unique<os::MemoryFileBytes>("")).ok());
}

TEST(SymbolIndexTest, SurvivesEveryCutOfAFile) {
  const std::string whole =
      ElfImage().Function("f", 0x1000, 0x10).BuildId("\x01\x02\x03\x04").Build();
  for (size_t size = 0; size < whole.size(); size += 7) {
    auto index = SymbolIndex::Create(std::make_unique<os::MemoryFileBytes>(whole.substr(0, size)));
    EXPECT_FALSE(index.ok()) << "the section headers come last, so each cut takes them: " << size;
  }
}

extern "C" __attribute__((noinline, used)) int LambentSymbolIndexTestMarker(int x) {
  __asm__ volatile("" : "+r"(x));
  return x + 1;
}

TEST(SymbolIndexTest, FindsAFunctionOfThisVeryProgram) {
  auto file = os::OpenFileBytes("/proc/self/exe");
  ASSERT_TRUE(file.ok()) << file.status();
  auto index = SymbolIndex::Create(*std::move(file));
  ASSERT_TRUE(index.ok()) << index.status();
  // Position independent or not, the linker's __ehdr_start tells where the file's 0 was put.
  const auto here = reinterpret_cast<uint64_t>(&LambentSymbolIndexTestMarker);
  const uint64_t base = reinterpret_cast<uint64_t>(&__ehdr_start);
  const uint64_t in_file = here - base;
  FunctionSymbol found = (*index)->Find(in_file);
  if (found.name.empty()) found = (*index)->Find(here);  // linked to a fixed address
  EXPECT_EQ(found.name, "LambentSymbolIndexTestMarker");
}

}  // namespace
}  // namespace lambent
