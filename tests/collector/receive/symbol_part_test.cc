// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/symbol_part.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collector/receive/limits.h"
#include "collector/receive/symbol_table.h"
#include "tests/support/symbol_columns.h"

namespace lambent::collector {
namespace {

using testing::Columns;
using ::testing::HasSubstr;
using testing::SymbolsOf;

absl::StatusOr<SymbolPart> Decode(const v1::SymbolColumns& columns, uint64_t base = 0) {
  const v1::SymbolTable table = SymbolsOf("id", columns);
  return SymbolPart::Decode(table.content(), table.content_bytes(), base);
}

std::string NameAt(const SymbolPart& part, uint64_t address) {
  const auto function = part.Find(address);
  return function.has_value() ? std::string(function->name) : "";
}

TEST(SymbolPartTest, FindsTheFunctionThatCoversAnAddress) {
  const auto part = Decode(Columns({{0x1000, 0x10, "first"}, {0x1020, 0x20, "second"}}));
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(NameAt(*part, 0xfff), "");
  EXPECT_EQ(NameAt(*part, 0x1000), "first");
  EXPECT_EQ(NameAt(*part, 0x100f), "first");
  EXPECT_EQ(NameAt(*part, 0x1010), "") << "between functions";
  EXPECT_EQ(NameAt(*part, 0x103f), "second");
  EXPECT_EQ(NameAt(*part, 0x1040), "");
  EXPECT_EQ(part->Find(0x1030)->start, 0x1020U);
  EXPECT_EQ(part->end(), 0x1040U);
}

TEST(SymbolPartTest, GoesOnWhereThePartBeforeEnded) {
  const auto part = Decode(Columns({{0x2000, 0x10, "later"}}, 0x1040), 0x1040);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(NameAt(*part, 0x2008), "later");
}

TEST(SymbolPartTest, RefusesWhatMakesNoSense) {
  const auto error = [](const v1::SymbolColumns& columns) {
    const auto part = Decode(columns);
    EXPECT_EQ(part.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(part.status().message());
  };
  const v1::SymbolColumns good = Columns({{0x1000, 0x10, "f"}, {0x1010, 0x10, "g"}});
  v1::SymbolColumns bad = good;
  bad.add_gap(1);
  EXPECT_THAT(error(bad), HasSubstr("differ in length"));
  bad = good;
  bad.set_size(1, 0);
  EXPECT_THAT(error(bad), HasSubstr("symbols[1]: size"));
  bad = good;
  bad.set_size(0, kMaxCodeAddress);
  EXPECT_THAT(error(bad), HasSubstr("symbols[0]: size"));
  bad = good;
  bad.set_gap(1, UINT64_MAX);
  EXPECT_THAT(error(bad), HasSubstr("symbols[1]: gap"));
  bad = good;
  bad.mutable_names()->pop_back();
  EXPECT_THAT(error(bad), HasSubstr("symbols[1]: no name"));
  bad.clear_names();
  EXPECT_THAT(error(bad), HasSubstr("ranges without a name"));
  bad = good;
  bad.mutable_names()->insert(0, 1, '\0');
  EXPECT_THAT(error(bad), HasSubstr("symbols[0]: name empty"));
  bad = good;
  bad.mutable_names()->append("stray");
  EXPECT_THAT(error(bad), HasSubstr("names without range"));
  EXPECT_THAT(error(Columns({{1, 1, std::string(kMaxStringBytes + 1, 'x')}})),
              HasSubstr("too long"));
}

TEST(SymbolPartTest, RefusesAClaimBeyondTheBoundUnread) {
  const auto part = SymbolPart::Decode("", kMaxSymbolPartBytes + 1, 0);
  EXPECT_THAT(std::string(part.status().message()), HasSubstr("bytes claimed"));
}

class SymbolTableAssemblyTest : public ::testing::Test {
 protected:
  SymbolTableAssembly assembly_{"id"};
};

TEST_F(SymbolTableAssemblyTest, PutsPartsTogether) {
  ASSERT_TRUE(assembly_.Add(SymbolsOf("id", Columns({{0x10, 8, "f"}}), 0, false)).ok());
  EXPECT_FALSE(assembly_.complete());
  ASSERT_TRUE(assembly_.Add(SymbolsOf("id", Columns({{0x30, 8, "g"}}, 0x18), 1, true)).ok());
  EXPECT_TRUE(assembly_.complete());
  ASSERT_EQ(assembly_.table().parts.size(), 2U);
  EXPECT_EQ(assembly_.table().parts[0].end, 0x18U);
  EXPECT_EQ(assembly_.table().parts[1].base, 0x18U);
  EXPECT_EQ(assembly_.table().parts[1].end, 0x38U);
}

TEST_F(SymbolTableAssemblyTest, RefusesPartsOutOfOrder) {
  EXPECT_FALSE(assembly_.Add(SymbolsOf("id", Columns({{0x10, 8, "f"}}), 1, false)).ok());
  ASSERT_TRUE(assembly_.Add(SymbolsOf("id", Columns({{0x10, 8, "f"}}), 0, false)).ok());
  EXPECT_FALSE(assembly_.Add(SymbolsOf("id", Columns({{0x10, 8, "f"}}), 0, false)).ok());
  EXPECT_FALSE(assembly_.Add(SymbolsOf("other", Columns({{0x30, 8, "g"}}, 0x18), 1)).ok());
}

TEST_F(SymbolTableAssemblyTest, RefusesPartsThatSayNothing) {
  EXPECT_THAT(std::string(assembly_.Add(SymbolsOf("id", {}, 0, false)).message()),
              HasSubstr("an empty part"));
}

TEST_F(SymbolTableAssemblyTest, RefusesMorePartsThanTheStoreIsToHold) {
  uint64_t end = 0;
  for (uint32_t part = 0; part < kMaxSymbolTableParts; ++part) {
    ASSERT_TRUE(assembly_.Add(SymbolsOf("id", Columns({{end, 8, "f"}}, end), part, false)).ok());
    end += 8;
  }
  EXPECT_THAT(
      std::string(
          assembly_.Add(SymbolsOf("id", Columns({{end, 8, "f"}}, end), kMaxSymbolTableParts, true))
              .message()),
      HasSubstr("too large"));
}

TEST_F(SymbolTableAssemblyTest, RefusesATableWithoutEnd) {
  // Names that do not compress would need megabytes of randomness; the claimed sizes add up as
  // well.
  std::string long_names;
  v1::SymbolColumns columns;
  for (int i = 0; i < 250; ++i) {
    columns.add_gap(1);
    columns.add_size(1);
    columns.mutable_names()->append(std::string(4000, 'n')).push_back('\0');
  }
  absl::Status status;
  uint32_t parts = 0;
  for (; status.ok() && parts < 100; ++parts) {
    status = assembly_.Add(SymbolsOf("id", columns, parts, false));
  }
  EXPECT_THAT(std::string(status.message()), HasSubstr("too large"));
  EXPECT_EQ(parts, kMaxSymbolTableContentBytes / columns.ByteSizeLong() + 1);
}

}  // namespace
}  // namespace lambent::collector
