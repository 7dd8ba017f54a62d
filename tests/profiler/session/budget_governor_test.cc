// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/budget_governor.h"

#include <gtest/gtest.h>

namespace lambent {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(BudgetGovernorTest, LeavesTheRateAloneWithinBudget) {
  BudgetGovernor governor(0.01);

  for (int i = 0; i < 100; ++i) EXPECT_FALSE(governor.Add(kSecond / 10, kSecond / 2000, 0));

  EXPECT_EQ(governor.divisor(), 1u);
}

TEST(BudgetGovernorTest, DividesAtOnceByWhatWouldFit) {
  BudgetGovernor governor(0.01);

  EXPECT_TRUE(governor.Add(kSecond, kSecond / 50, kSecond / 50));  // 4 %

  EXPECT_EQ(governor.divisor(), 4u);
}

TEST(BudgetGovernorTest, CountsStopTime) {
  BudgetGovernor governor(0.01);

  EXPECT_TRUE(governor.Add(kSecond, 0, kSecond / 50));

  EXPECT_EQ(governor.divisor(), 2u);
}

TEST(BudgetGovernorTest, ComesBackStepByStep) {
  BudgetGovernor governor(0.01);
  governor.Add(kSecond, kSecond / 25, 0);
  ASSERT_EQ(governor.divisor(), 4u);

  governor.Add(kSecond, kSecond / 1000, 0);
  EXPECT_EQ(governor.divisor(), 3u);
  governor.Add(kSecond, kSecond / 140, 0);  // between half and whole: stays
  EXPECT_EQ(governor.divisor(), 3u);
}

TEST(BudgetGovernorTest, NeverStopsSampling) {
  BudgetGovernor governor(0.001);

  for (int i = 0; i < 10; ++i) governor.Add(kSecond, kSecond, 0);

  EXPECT_EQ(governor.divisor(), BudgetGovernor::kMaxDivisor);
}

TEST(BudgetGovernorTest, WaitsForAWholeWindow) {
  BudgetGovernor governor(0.01);
  EXPECT_FALSE(governor.Add(kSecond / 100, kSecond / 100, 0));  // one dear tick
}

}  // namespace
}  // namespace lambent
