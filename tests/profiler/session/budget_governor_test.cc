// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/budget_governor.h"

#include <gtest/gtest.h>

namespace lambent {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kWished = 10 * kMs;

class BudgetGovernorTest : public testing::Test {
 protected:
  // So many ticks that each look at the process for `cpu_ns`; returns the share of time spent.
  double Look(int ticks, int64_t cpu_ns, int64_t stopped_ns = 0) {
    int64_t wall_ns = 0;
    for (int i = 0; i < ticks; ++i) {
      const int64_t period_ns = governor_.PeriodNs(kWished);
      wall_ns += period_ns;
      governor_.Add({.wall_ns = period_ns,
                     .self_cpu_ns = cpu_ns,
                     .stopped_ns = stopped_ns,
                     .only_looked = true});
    }
    return static_cast<double>((cpu_ns + stopped_ns) * ticks) / static_cast<double>(wall_ns);
  }
  BudgetGovernor governor_{0.01};
};

TEST_F(BudgetGovernorTest, LeavesTheRateAloneWithinBudget) {
  Look(1000, kWished / 101);
  EXPECT_EQ(governor_.PeriodNs(kWished), kWished);
}

TEST_F(BudgetGovernorTest, KeepsDearLooksWithinTheBudget) {
  Look(50, kMs);
  const double share = Look(1000, kMs);
  EXPECT_LE(share, 0.0101);
  EXPECT_GE(share, 0.0099);  // and uses what it has
}

TEST_F(BudgetGovernorTest, CountsStopTime) {
  const double share = Look(1000, kMs / 20, kMs / 2);
  EXPECT_LE(share, 0.0105);
  EXPECT_GE(share, 0.0095);
}

TEST_F(BudgetGovernorTest, ComesBackWhenLooksAreCheapAgain) {
  Look(100, kMs);
  ASSERT_GT(governor_.PeriodNs(kWished), 9 * kWished);
  Look(100, kMs / 20);
  EXPECT_EQ(governor_.PeriodNs(kWished), kWished);
}

TEST_F(BudgetGovernorTest, LeavesToLooksWhatTheRestDoesNotUse) {
  Look(50, kMs / 10);
  for (int i = 0; i < 2000; ++i) {  // 0.5 % for sending, every second tick
    const int64_t wall_ns = governor_.PeriodNs(kWished);
    const bool sends = i % 2 == 1;
    governor_.Add({.wall_ns = wall_ns,
                   .self_cpu_ns = kMs / 10 + (sends ? wall_ns / 100 : 0),
                   .only_looked = !sends});
  }
  EXPECT_NEAR(static_cast<double>(governor_.PeriodNs(kWished)), 2.0 * kWished, 0.1 * kWished);
}

TEST_F(BudgetGovernorTest, AQuarterOfTheBudgetIsAlwaysTheLooks) {
  Look(50, kMs / 10);
  for (int i = 0; i < 5000; ++i) {
    governor_.Add({.wall_ns = kWished, .self_cpu_ns = kWished / 2});
  }
  EXPECT_NEAR(static_cast<double>(governor_.PeriodNs(kWished)), 4.0 * kWished, 0.1 * kWished);
}

TEST_F(BudgetGovernorTest, NeverStopsSampling) {
  Look(1000, 1000 * kMs);
  EXPECT_EQ(governor_.PeriodNs(kWished), kWished * BudgetGovernor::kMaxStretch);
}

// The sampler's first look may fall together with the uplink's first connection.
TEST_F(BudgetGovernorTest, ADearFirstTickDoesNotThinOutTheFirstInvocation) {
  Look(1, 10 * kMs);
  EXPECT_LE(governor_.PeriodNs(kWished), kWished * 2);
}

TEST_F(BudgetGovernorTest, OneDearTickIsNotTakenForTheUsual) {
  Look(100, kMs / 20);
  Look(1, 5 * kMs);
  EXPECT_EQ(governor_.PeriodNs(kWished), kWished);
}

}  // namespace
}  // namespace lambent
