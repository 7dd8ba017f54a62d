// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lambent::bench {
namespace {

using ::testing::HasSubstr;

const Row kRow = {"claim.us", 5, "median"};

TEST(RowsTest, FigureOfMostSamplesStandsAndSaysHowManyFailed) {
  const Row row = RowOfMost(kRow, 10, 1000, /*quick=*/false);
  EXPECT_EQ(row.value, 5);
  EXPECT_EQ(row.how, "median; 10 failed");
}

TEST(RowsTest, FigureOfTheEasySamplesIsNone) {
  const Row row = RowOfMost(kRow, 11, 1000, /*quick=*/false);
  EXPECT_EQ(row.value, std::nullopt);
  EXPECT_THAT(row.how, HasSubstr("11 of 1000 samples failed"));
  EXPECT_EQ(RowOfMost(kRow, 11, 1000, /*quick=*/true).value, 5);
}

TEST(RowsTest, TenThousandStacksAreEnough) {
  EXPECT_EQ(RowOfEnough(kRow, 10'000, /*quick=*/false).value, 5);
  const Row row = RowOfEnough(kRow, 9'999, /*quick=*/false);
  EXPECT_EQ(row.value, std::nullopt);
  EXPECT_THAT(row.how, HasSubstr("9999 stacks came"));
  EXPECT_EQ(RowOfEnough(kRow, 40, /*quick=*/true).value, 5);
}

TEST(RowsTest, ValueThatIsNotThereIsNull) {
  EXPECT_EQ(ToJson({kRow, {"other", std::nullopt, "why"}}),
            R"([{"how":"median","name":"claim.us","value":5.0},)"
            R"({"how":"why","name":"other","value":null}])");
}

}  // namespace
}  // namespace lambent::bench
