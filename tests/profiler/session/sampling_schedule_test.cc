// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/sampling_schedule.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace lambent {
namespace {

constexpr int64_t kMs = 1'000'000;

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

TEST(SamplingScheduleTest, EnvironmentsDoNotTickTogether) {
  EXPECT_NE(SamplingSchedule(10 * kMs, 1, 0).next_ns(), SamplingSchedule(10 * kMs, 2, 0).next_ns());
}

}  // namespace
}  // namespace lambent
