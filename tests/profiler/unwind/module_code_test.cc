// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/module_code.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "profiler/os/file_bytes.h"

namespace lambent {
namespace {

std::string ThisProgram() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ModuleCodeTest, FindsTheTableOfRules) {
  auto code = ModuleCode::Create(std::make_unique<os::MemoryFileBytes>(ThisProgram()));
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_GT((*code)->table().count, 10u);
  EXPECT_GT((*code)->table().entries, (*code)->table().header);
  EXPECT_LT((*code)->low(), (*code)->high());
}

TEST(ModuleCodeTest, ReadsOnlyWhatTheFileLoads) {
  auto code = ModuleCode::Create(std::make_unique<os::MemoryFileBytes>(ThisProgram()));
  ASSERT_TRUE(code.ok()) << code.status();
  char magic[4] = {};
  EXPECT_EQ((*code)->Read((*code)->low(), magic, 4), 4u);
  EXPECT_EQ(std::memcmp(magic, "\177ELF", 4), 0);
  EXPECT_EQ((*code)->Read((*code)->high() + 4096, magic, 4), 0u);
  EXPECT_EQ((*code)->Read(UINT64_MAX, magic, 4), 0u);
}

TEST(ModuleCodeTest, TakesNoTableLargerThanItsSegment) {
  std::string bytes = ThisProgram();
  auto whole = ModuleCode::Create(std::make_unique<os::MemoryFileBytes>(bytes));
  ASSERT_TRUE(whole.ok());
  // Read-only segments are mapped at their file offset in what our linkers write.
  const uint64_t header = (*whole)->table().header - (*whole)->low();
  ASSERT_EQ(bytes[header], 1) << "the version of .eh_frame_hdr";
  const uint32_t huge = 0x7fffffff;
  std::memcpy(bytes.data() + header + 8, &huge, sizeof(huge));
  auto code = ModuleCode::Create(std::make_unique<os::MemoryFileBytes>(std::move(bytes)));
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ((*code)->table().count, 0u);
}

TEST(ModuleCodeTest, RefusesWhatLoadsNothing) {
  EXPECT_FALSE(ModuleCode::Create(std::make_unique<os::MemoryFileBytes>("")).ok());
  EXPECT_FALSE(ModuleCode::Create(std::make_unique<os::MemoryFileBytes>("\177ELF")).ok());
  EXPECT_FALSE(
      ModuleCode::Create(std::make_unique<os::MemoryFileBytes>(ThisProgram().substr(0, 64))).ok());
}

}  // namespace
}  // namespace lambent
