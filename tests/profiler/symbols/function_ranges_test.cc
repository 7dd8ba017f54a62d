// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/function_ranges.h"

#include <array>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/file_bytes.h"
#include "profiler/symbols/best_name.h"
#include "profiler/symbols/symbol_index.h"
#include "tests/fakes/counting_file_bytes.h"
#include "tests/support/elf_image.h"

namespace lambent {
namespace {

using ::lambent::support::ElfImage;
using ::testing::ElementsAre;

struct Named {
  uint64_t start;
  uint64_t end;
  std::string name;
  friend bool operator==(const Named&, const Named&) = default;
  friend void PrintTo(const Named& n, std::ostream* out) {
    *out << std::hex << "[" << n.start << ", " << n.end << ") " << n.name;
  }
};

std::vector<Named> Ranges(const std::string& bytes) {
  auto functions = FunctionRanges::Read(std::make_unique<os::MemoryFileBytes>(bytes));
  EXPECT_TRUE(functions.ok()) << functions.status();
  std::vector<Named> ranges;
  if (!functions.ok()) return ranges;
  for (const auto& range : functions->ranges()) {
    ranges.push_back({range.start, range.end, functions->Name(range)});
  }
  return ranges;
}

TEST(FunctionRangesTest, GivesTheInnermostFunctionEachAddress) {
  EXPECT_THAT(Ranges(ElfImage()
                         .Function("after", 0x1200, 0x10)
                         .Function("outer", 0x1000, 0x100)
                         .Function("inner", 0x1020, 0x10)
                         .Build()),
              ElementsAre(Named{0x1000, 0x1020, "outer"}, Named{0x1020, 0x1030, "inner"},
                          Named{0x1030, 0x1100, "outer"}, Named{0x1200, 0x1210, "after"}));
}

TEST(FunctionRangesTest, AFunctionWithoutSizeReachesToTheNextEdge) {
  EXPECT_THAT(Ranges(ElfImage()
                         .Function("assembly", 0x1000, 0)
                         .Function("sized", 0x1100, 0x10)
                         .Function("last", 0x1f00, 0)
                         .Build()),
              ElementsAre(Named{0x1000, 0x1100, "assembly"}, Named{0x1100, 0x1110, "sized"},
                          Named{0x1f00, 0x2000, "last"}));
}

TEST(FunctionRangesTest, ChoosesOneOfSeveralNames) {
  EXPECT_THAT(Ranges(ElfImage()
                         .Function("zeta_local", 0x1000, 0x10, STB_LOCAL)
                         .Function("__read", 0x1000, 0x10)
                         .Function("read", 0x1000, 0x10)
                         .Build()),
              ElementsAre(Named{0x1000, 0x1010, "read"}));
}

TEST(FunctionRangesTest, OfFunctionsThatStartTogetherTheBestNameGoesAsFarAsItReaches) {
  EXPECT_THAT(Ranges(ElfImage()
                         .Function("local", 0x1000, 0x30, STB_LOCAL)
                         .Function("hidden", 0x1000, 0x08, STB_LOCAL)
                         .Function("global", 0x1000, 0x10)
                         .Function("weak", 0x1000, 0x20, STB_WEAK)
                         .Function("assembly", 0x1000, 0)
                         .Build()),
              ElementsAre(Named{0x1000, 0x1010, "global"}, Named{0x1010, 0x1020, "weak"},
                          Named{0x1020, 0x1030, "local"}));
}

TEST(FunctionRangesTest, OfFunctionsWithoutSizeTheBestNameIsChosen) {
  EXPECT_THAT(Ranges(ElfImage()
                         .Function("__start", 0x1000, 0)
                         .Function("start", 0x1000, 0)
                         .Function("local", 0x1000, 0, STB_LOCAL)
                         .Build()),
              ElementsAre(Named{0x1000, 0x2000, "start"}));
}

// What reading many functions at one address costs, of sizes that `size_of` tells by number.
fakes::FileReads ReadMany(absl::FunctionRef<uint64_t(uint64_t)> size_of, size_t* file_bytes) {
  ElfImage image;
  const std::string name(FunctionTables::kMaxNameBytes, 'x');
  for (uint64_t i = 0; i < 200'000; ++i) image.Function(name, 0x1000, size_of(i));
  const std::string bytes = image.Build();
  *file_bytes = bytes.size();
  fakes::FileReads reads;
  const auto functions =
      FunctionRanges::Read(std::make_unique<fakes::CountingFileBytes>(bytes, &reads));
  EXPECT_TRUE(functions.ok()) << functions.status();
  EXPECT_EQ(functions->Name(functions->ranges().front()), name);
  return reads;
}

TEST(FunctionRangesTest, ManyLongNamesOfOnePlaceCostLittleMoreThanTheTable) {
  size_t file_bytes = 0;
  for (const fakes::FileReads& reads :
       {ReadMany([](uint64_t) { return 0x100; }, &file_bytes),
        ReadMany([](uint64_t) { return 0; }, &file_bytes),
        ReadMany([](uint64_t i) { return 1 + i; }, &file_bytes),
        ReadMany([](uint64_t i) { return 200'000 - i; }, &file_bytes)}) {
    EXPECT_LT(reads.calls, 200'000 / 256 + 2 * BestName::kMaxCompared + 32);
    EXPECT_LT(reads.bytes, file_bytes + 64 * 1024);
  }
}

TEST(FunctionRangesTest, AFileWithoutFunctionsHasNone) {
  EXPECT_THAT(Ranges(ElfImage().Build()), ElementsAre());
  EXPECT_FALSE(FunctionRanges::Read(std::make_unique<os::MemoryFileBytes>("no elf")).ok());
}

// The ranges say of every address what the index says.
void ExpectToAgree(const std::string& bytes, uint64_t low, uint64_t high, uint32_t seed) {
  const std::vector<Named> ranges = Ranges(bytes);
  auto index = *SymbolIndex::Create(std::make_unique<os::MemoryFileBytes>(bytes));
  std::mt19937_64 random(seed);
  std::vector<uint64_t> addresses;
  for (int i = 0; i < 2000; ++i) addresses.push_back(low + random() % (high - low));
  index->Prepare(addresses);
  for (const uint64_t address : addresses) {
    std::string name;
    for (const Named& range : ranges) {
      if (address >= range.start && address < range.end) name = range.name;
    }
    ASSERT_EQ(index->Find(address).name, name) << std::hex << address;
  }
}

TEST(FunctionRangesTest, AgreesWithTheIndexOnAnyFile) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    ElfImage image;
    for (int i = 0; i < 40; ++i) {
      const uint64_t start = 0x1000 + random() % 0x400;
      const uint64_t size = random() % 4 == 0 ? 0 : random() % 0x60;
      image.Function("f" + std::to_string(i), start, size,
                     random() % 2 == 0 ? STB_GLOBAL : STB_LOCAL);
    }
    ExpectToAgree(image.Build(), 0xff0, 0x1500, seed);
  }
}

TEST(FunctionRangesTest, AgreesWithTheIndexWhereManyStartTogether) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    ElfImage image;
    for (int i = 0; i < 40; ++i) {
      image.Function(std::string(random() % 3, '_') + "f" + std::to_string(i),
                     0x1000 + 0x40 * (random() % 3), 0x10 * (random() % 8),
                     std::array{STB_GLOBAL, STB_WEAK, STB_LOCAL}[random() % 3]);
    }
    ExpectToAgree(image.Build(), 0xff0, 0x1200, seed);
  }
}

}  // namespace
}  // namespace lambent
