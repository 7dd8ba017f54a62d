// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/metrics_schedule.h"

#include <gtest/gtest.h>

namespace lambent {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr MetricsScope kAll = MetricsScope::kBoundary;
constexpr MetricsScope kFast = MetricsScope::kCadence;

TEST(MetricsScheduleTest, ReadsAllAtFirstAndThenByTheCadence) {
  MetricsSchedule schedule(100 * kMs);
  EXPECT_EQ(schedule.Take(0), kAll);
  EXPECT_EQ(schedule.Take(99 * kMs), std::nullopt);
  EXPECT_EQ(schedule.Take(100 * kMs), kFast);
  EXPECT_EQ(schedule.Take(199 * kMs), std::nullopt);
}

TEST(MetricsScheduleTest, ReadsAllOnceASecondOfALongInvocation) {
  MetricsSchedule schedule(100 * kMs);
  int all = 0;
  for (int64_t now = 0; now <= 5000 * kMs; now += kMs) all += schedule.Take(now) == kAll ? 1 : 0;
  EXPECT_EQ(all, 6);
}

TEST(MetricsScheduleTest, ReadsSomethingAtEachBoundary) {
  MetricsSchedule schedule(100 * kMs);
  schedule.Take(0);
  schedule.AtBoundary(kFast);
  EXPECT_EQ(schedule.Take(10 * kMs), kFast);
  schedule.AtBoundary(kAll);
  EXPECT_EQ(schedule.Take(20 * kMs), kFast);  // all was read just now
  schedule.AtBoundary(kAll);
  EXPECT_EQ(schedule.Take(260 * kMs), kAll);
}

TEST(MetricsScheduleTest, TheLargerOfTwoWishesCounts) {
  MetricsSchedule schedule(100 * kMs);
  schedule.Take(0);
  schedule.AtBoundary(kAll);
  schedule.AtBoundary(kFast);
  EXPECT_EQ(schedule.Take(300 * kMs), kAll);
}

TEST(MetricsScheduleTest, ACallAfterALongFreezeDoesNotReadAll) {
  MetricsSchedule schedule(100 * kMs);
  schedule.Take(0);
  schedule.AtBoundary(kFast);
  EXPECT_EQ(schedule.Take(600'000 * kMs), kFast);
}

}  // namespace
}  // namespace lambent
