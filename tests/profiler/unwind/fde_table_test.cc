// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/fde_table.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "profiler/os/file_bytes.h"
#include "profiler/unwind/fde_index.h"
#include "tests/profiler/unwind/cfi_bytes.h"
#include "tests/profiler/unwind/cfi_image.h"

namespace lambent {
namespace {

// A table of `count` functions of 16 bytes from 1 MB behind its header on, their FDEs 8 bytes
// apart.
class FdeTableTest : public testing::Test {
 protected:
  void Make(uint32_t count) {
    CfiBytes rules;
    rules.Bytes({1, 0x1b, 0x03, 0x3b}).Value(int32_t{0}).Value(count);
    for (uint32_t i = 0; i < count; ++i) {
      rules.Value(static_cast<int32_t>(kFunctions + i * 16)).Value(static_cast<int32_t>(i * 8));
    }
    const std::string file = CfiImage::Wrap(CfiImage::Form::kTable, rules.str());
    auto code = ModuleCode::Create(std::make_unique<os::MemoryFileBytes>(file));
    ASSERT_TRUE(code.ok()) << code.status();
    code_ = *std::move(code);
    ASSERT_EQ(code_->table().count, count);
    table_ = FdeTable(code_->table());
  }

  // The number of the function that holds the address `offset` bytes behind the first one's begin;
  // -1: none.
  int64_t Find(int64_t offset) {
    const auto at =
        static_cast<uint64_t>(static_cast<int64_t>(CfiImage::kRules + kFunctions) + offset);
    const auto found = table_.Find(*code_, at, [this](uint64_t address) {
      ++chunks_;
      chunk_.resize(FdeTable::kChunkBytes);
      chunk_.resize(code_->Read(address, chunk_.data(), chunk_.size()));
      return absl::Span<const uint8_t>(chunk_);
    });
    if (!found.has_value()) return -1;
    const auto number = static_cast<int64_t>(found->fde - CfiImage::kRules) / 8;
    EXPECT_EQ(found->start, CfiImage::kRules + kFunctions + static_cast<uint64_t>(number) * 16);
    EXPECT_EQ(found->entry, code_->table().entries + static_cast<uint64_t>(number) * 8);
    return number;
  }

  static constexpr uint32_t kFunctions = 1 << 20;
  std::unique_ptr<ModuleCode> code_;
  FdeTable table_;
  std::vector<uint8_t> chunk_;
  int chunks_ = 0;
};

TEST_F(FdeTableTest, FindsTheLastFunctionThatBeginsAtOrBefore) {
  for (const uint32_t count : {1u, 2u, 255u, 256u, 257u, 512u, 1000u, 5000u}) {
    Make(count);
    EXPECT_EQ(Find(-1), -1) << count;
    for (uint32_t i = 0; i < count; ++i) {
      ASSERT_EQ(Find(i * 16), i) << count;
      ASSERT_EQ(Find(i * 16 + 15), i) << count;
    }
  }
}

TEST_F(FdeTableTest, ReadsOneChunkForALookup) {
  Make(5000);
  Find(40000);
  EXPECT_EQ(chunks_, 1);
  EXPECT_LE(table_.memory_bytes(), 20u * 8) << "keys of chunks, not of functions";
}

TEST_F(FdeTableTest, AddressesFarAwayAreNotFound) {
  Make(10);
  EXPECT_EQ(Find(int64_t{1} << 40), -1);
  EXPECT_EQ(Find(-(int64_t{1} << 40)), -1);
}

TEST_F(FdeTableTest, FindsNothingWithoutATable) {
  Make(10);
  FdeTable none;
  EXPECT_FALSE(
      none.Find(*code_, 0x1000, [](uint64_t) { return absl::Span<const uint8_t>(); }).has_value());
}

TEST(FdeIndexTest, FindsTheLastFunctionThatBeginsAtOrBefore) {
  FdeIndex index({CfiFormat::kDebugFrame, 0x9000, 0x1000}, 0x1000);
  EXPECT_FALSE(index.Find(0x2000).has_value());
  index.Add(0x3000, 0x40);
  index.Add(0x2000, 0x80);
  index.Add(0, 0xc0);  // thrown away by the linker
  index.Finish();
  EXPECT_EQ(index.size(), 2u);
  EXPECT_FALSE(index.Find(0x1fff).has_value());
  EXPECT_EQ(index.Find(0x2000), 0x9080u);
  EXPECT_EQ(index.Find(0x2fff), 0x9080u);
  EXPECT_EQ(index.Find(UINT64_MAX), 0x9040u);
}

TEST(FdeIndexTest, IsBounded) {
  FdeIndex index({CfiFormat::kEhFrame, 0x9000, 0x1000}, 0x1000);
  uint64_t start = 0x1000;
  while (index.Add(start, 8)) start += 16;
  EXPECT_EQ(index.size(), FdeIndex::kMaxEntries);
}

}  // namespace
}  // namespace lambent
