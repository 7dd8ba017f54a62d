// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/retry_schedule.h"

#include <gtest/gtest.h>

namespace lambent {
namespace {

constexpr int64_t kRefused = RetrySchedule::kRefusedNs;
constexpr int64_t kNoMemory = RetrySchedule::kNoMemoryNs;

TEST(RetryScheduleTest, TriesNothingThatWorks) {
  RetrySchedule schedule;
  EXPECT_FALSE(schedule.Take(0));
  EXPECT_FALSE(schedule.Take(INT64_MAX));
}

TEST(RetryScheduleTest, TriesWhatWasRefusedOnceAndLater) {
  RetrySchedule schedule;
  schedule.Refused(7);
  EXPECT_FALSE(schedule.Take(7 + kRefused - 1));
  EXPECT_TRUE(schedule.Take(7 + kRefused));
  EXPECT_FALSE(schedule.Take(7 + kRefused));
}

TEST(RetryScheduleTest, ARefusalDoesNotPostponeWhatIsDueSooner) {
  RetrySchedule schedule;
  schedule.NoMemory(0);
  schedule.Refused(0);
  schedule.Refused(1);
  EXPECT_TRUE(schedule.Take(kNoMemory));
}

// How long after it failed memory is tried again.
int64_t Wait(RetrySchedule& schedule) {
  schedule.NoMemory(0);
  int64_t wait_ns = 0;
  while (!schedule.Take(wait_ns)) wait_ns += kNoMemory;
  return wait_ns;
}

TEST(RetryScheduleTest, TriesMemorySoonAndThenLessAndLessOften) {
  RetrySchedule schedule;
  for (int64_t expected = kNoMemory; expected < kRefused; expected *= 2) {
    EXPECT_EQ(Wait(schedule), expected);
  }
  EXPECT_EQ(Wait(schedule), kRefused);
  EXPECT_EQ(Wait(schedule), kRefused);
  schedule.ExpectMemory();
  EXPECT_EQ(Wait(schedule), kNoMemory);
}

}  // namespace
}  // namespace lambent
