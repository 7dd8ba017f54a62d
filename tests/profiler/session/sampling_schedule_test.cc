// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/sampling_schedule.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace lambent {
namespace {

constexpr int64_t kMs = 1'000'000;

constexpr int64_t kPeriod = 10'000'000;

TEST(SamplingScheduleTest, DoesNotDrift) {
  SamplingSchedule schedule(10 * kMs, 1, 0);
  const int64_t first = schedule.next_ns();

  for (int i = 0; i < 1000; ++i) schedule.Tick(schedule.next_ns() + kMs / 2);  // always late a bit

  EXPECT_LE(std::abs(schedule.next_ns() - first - 1000 * 10 * kMs), kMs);
}

TEST(SamplingScheduleTest, JittersWithinATenthOfThePeriod) {
  SamplingSchedule schedule(10 * kMs, 1, 0);
  int64_t last = schedule.next_ns();
  int64_t shortest = INT64_MAX, longest = 0;
  for (int i = 0; i < 1000; ++i) {
    schedule.Tick(last);
    shortest = std::min(shortest, schedule.next_ns() - last);
    longest = std::max(longest, schedule.next_ns() - last);
    last = schedule.next_ns();
  }

  EXPECT_GE(shortest, 8 * kMs);
  EXPECT_LE(longest, 12 * kMs);
  EXPECT_GT(longest - shortest, kMs);
}

TEST(SamplingScheduleTest, LeavesOutMissedTicks) {
  SamplingSchedule schedule(10 * kMs, 1, 0);
  const int64_t late = schedule.next_ns() + 105 * kMs;

  schedule.Tick(late);

  EXPECT_GT(schedule.next_ns(), late);
  EXPECT_LE(schedule.next_ns(), late + 12 * kMs);
}

TEST(SamplingScheduleTest, TicksAnywhereInThePeriodAfterAThaw) {
  SamplingSchedule schedule(kPeriod, 7, 0);
  int late = 0;
  for (int i = 1; i <= 1000; ++i) {
    const int64_t now_ns = i * 100 * kPeriod;
    schedule.Thaw(now_ns, 99 * kPeriod);
    ASSERT_GE(schedule.next_ns(), now_ns);
    ASSERT_LT(schedule.next_ns(), now_ns + kPeriod);
    late += schedule.next_ns() - now_ns > kPeriod / 2 ? 1 : 0;
    schedule.Tick(schedule.next_ns());
  }
  EXPECT_NEAR(late, 500, 80);
}

TEST(SamplingScheduleTest, LooksSoonerButNeverCloserThanAsked) {
  SamplingSchedule schedule(100 * kPeriod, 7, 0);
  schedule.Tick(kPeriod);
  schedule.LookWithin(20 * kPeriod, kPeriod);
  EXPECT_GE(schedule.next_ns(), 20 * kPeriod);
  EXPECT_LT(schedule.next_ns(), 21 * kPeriod);
  schedule.Tick(20 * kPeriod);
  schedule.LookWithin(20 * kPeriod + 1, kPeriod);
  EXPECT_GE(schedule.next_ns(), 21 * kPeriod);
  EXPECT_LE(schedule.next_ns(), 22 * kPeriod);
}

TEST(SamplingScheduleTest, ALookThatIsPlannedSoonerStays) {
  SamplingSchedule schedule(kPeriod, 7, 0);
  const int64_t planned_ns = schedule.next_ns();
  schedule.LookWithin(planned_ns - 1, 10 * kPeriod);
  EXPECT_EQ(schedule.next_ns(), planned_ns);
}

TEST(SamplingScheduleTest, EnvironmentsDoNotTickTogether) {
  EXPECT_NE(SamplingSchedule(10 * kMs, 1, 0).next_ns(), SamplingSchedule(10 * kMs, 2, 0).next_ns());
}

}  // namespace
}  // namespace lambent
