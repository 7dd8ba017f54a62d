// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/line_table.h"

#include <initializer_list>
#include <string>

#include "gtest/gtest.h"

namespace lambent::cpython {
namespace {

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

TEST(LineTableTest, StepsApplyToTheCodeAfterThem) {
  const LineTable lines(LineForm::kSteps, Bytes({6, 1, 4, 2, 255, 0, 1, -3}), 10);
  EXPECT_EQ(lines.LineAt(0), 10u);
  EXPECT_EQ(lines.LineAt(5), 10u);
  EXPECT_EQ(lines.LineAt(6), 11u);
  EXPECT_EQ(lines.LineAt(10), 13u);
  EXPECT_EQ(lines.LineAt(265), 13u);
  EXPECT_EQ(lines.LineAt(266), 10u);
  EXPECT_EQ(lines.LineAt(100000), 10u);  // the last line has no end
}

TEST(LineTableTest, RangesHaveALineOrNone) {
  const LineTable lines(LineForm::kRanges, Bytes({4, 1, 6, -128, 2, 1, 0, 5, 2, -2}), 10);
  EXPECT_EQ(lines.LineAt(0), 11u);
  EXPECT_EQ(lines.LineAt(4), 0u);
  EXPECT_EQ(lines.LineAt(9), 0u);
  EXPECT_EQ(lines.LineAt(10), 12u);
  EXPECT_EQ(lines.LineAt(12), 15u);
  EXPECT_EQ(lines.LineAt(14), 0u);
}

TEST(LineTableTest, LocationsOfEveryFormAreRead) {
  const LineTable lines(LineForm::kLocations,
                        Bytes({0x80 | 0 << 3 | 1, 0x12,   // short: 2 units, line 10
                               0x80 | 11 << 3 | 0, 1, 2,  // one line: next line
                               0x80 | 15 << 3 | 0,        // none
                               0x80 | 13 << 3 | 0, 0x03,  // no columns: step -1
                               0x80 | 14 << 3 | 7, 0x40 | 8, 4, 0, 1, 2})  // long: step 4 + 64 * 2
                        ,
                        10);
  EXPECT_EQ(lines.LineAt(0), 10u);
  EXPECT_EQ(lines.LineAt(3), 10u);
  EXPECT_EQ(lines.LineAt(4), 11u);
  EXPECT_EQ(lines.LineAt(6), 0u);
  EXPECT_EQ(lines.LineAt(8), 10u);
  EXPECT_EQ(lines.LineAt(10), 10u + (8 + (4 << 6)) / 2);
  EXPECT_EQ(lines.LineAt(25), 10u + (8 + (4 << 6)) / 2);
  EXPECT_EQ(lines.LineAt(26), 0u);
}

TEST(LineTableTest, TornTablesEnd) {
  for (const LineForm form : {LineForm::kSteps, LineForm::kRanges, LineForm::kLocations}) {
    EXPECT_LE(LineTable(form, Bytes({7}), 3).LineAt(0), 3u);
    EXPECT_EQ(LineTable(form, "", 3).LineAt(0), form == LineForm::kSteps ? 3u : 0u);
  }
}

TEST(LineTableTest, NumberThatNeverEndsEndsTheTable) {
  const std::string endless = Bytes({0x80, 0, 0x80 | 14 << 3}) + std::string(1000, 0x7f);
  const LineTable lines(LineForm::kLocations, endless, 3);
  EXPECT_EQ(lines.LineAt(0), 3u);
  EXPECT_EQ(lines.LineAt(2), 0u);
}

TEST(LineTableTest, EqualLinesAreOneRun) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += Bytes({0x80, 0});
  EXPECT_LE(LineTable(LineForm::kLocations, bytes, 3).bytes(), 8u);
}

}  // namespace
}  // namespace lambent::cpython
