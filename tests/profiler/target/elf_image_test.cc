// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/elf_image.h"

#include <string>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "profiler/os/file_bytes.h"
#include "tests/support/elf_image.h"

namespace lambent {
namespace {

TEST(ElfImageTest, FindsEachOfManyNamesWhereverItsBytesLie) {
  // 170 KB of names, each of another length than the one before: some lie across the end
  // of whatever is read at a time.
  support::ElfImage built;
  constexpr int kSymbols = 2000;
  for (int i = 0; i < kSymbols; ++i) {
    built.Function(absl::StrCat("function_", std::string(static_cast<size_t>(i % 150), 'x'), i),
                   0x1000 + static_cast<uint64_t>(i), 1);
  }
  const os::MemoryFileBytes file(built.Build());
  const auto image = ElfImage::Parse(file);
  ASSERT_TRUE(image.ok()) << image.status();

  for (int i = 0; i < kSymbols; ++i) {
    const std::string name =
        absl::StrCat("function_", std::string(static_cast<size_t>(i % 150), 'x'), i);
    const auto symbol = image->FindSymbol(name);
    ASSERT_TRUE(symbol.has_value()) << name;
    EXPECT_EQ(symbol->st_value, 0x1000 + static_cast<uint64_t>(i));
  }
}

TEST(ElfImageTest, NameIsWholeNotABeginningNorAnEnd) {
  support::ElfImage built;
  built.Function("long_name", 0x1000, 1).Function("name", 0x1010, 1);
  const os::MemoryFileBytes file(built.Build());
  const auto image = ElfImage::Parse(file);
  ASSERT_TRUE(image.ok()) << image.status();

  EXPECT_EQ(image->FindSymbol("name")->st_value, 0x1010u);
  EXPECT_FALSE(image->FindSymbol("ong_name").has_value());
  EXPECT_FALSE(image->FindSymbol("nam").has_value());
  EXPECT_FALSE(image->FindSymbol("").has_value());
}

TEST(ElfImageTest, DynamicSymbolGoesBeforeAnother) {
  support::ElfImage built;
  built.Function("both", 0x1000, 1).DynamicFunction("both", 0x1020, 1);
  const os::MemoryFileBytes file(built.Build());
  const auto image = ElfImage::Parse(file);
  ASSERT_TRUE(image.ok()) << image.status();

  EXPECT_EQ(image->FindSymbol("both")->st_value, 0x1020u);
}

}  // namespace
}  // namespace lambent
