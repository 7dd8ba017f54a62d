// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/freeze_watch.h"

#include "gtest/gtest.h"

namespace lambent {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(FreezeWatchTest, AShortFreezeIsKnownByTheCallThatEndedIt) {
  EXPECT_FALSE(FreezeWatch::Judge(10 * kMs, 90 * kMs, std::nullopt, 0).has_value());

  const auto freeze = FreezeWatch::Judge(10 * kMs, 90 * kMs, 85 * kMs, 0);
  ASSERT_TRUE(freeze.has_value());
  EXPECT_EQ(freeze->from_ns, 10 * kMs);
  EXPECT_EQ(freeze->until_ns, 85 * kMs);
}

TEST(FreezeWatchTest, ACallWhileWeWereLateAnywayIsNoFreeze) {
  // Called when the sleep was to end, late because the invocation it brought uses the CPU.
  EXPECT_FALSE(FreezeWatch::Judge(10 * kMs, 90 * kMs, 11 * kMs, 0).has_value());
  EXPECT_FALSE(FreezeWatch::Judge(10 * kMs, 12 * kMs, 11 * kMs, 0).has_value());
}

TEST(FreezeWatchTest, OwnCpuTimeAroundAThawDoesNotHideTheFreeze) {
  EXPECT_TRUE(FreezeWatch::Judge(10 * kMs, 50 * kMs, 45 * kMs, 4 * kMs).has_value());
}

TEST(FreezeWatchTest, ALongSleepIsAFreezeUnlessWeWorked) {
  const auto freeze = FreezeWatch::Judge(0, 60'000 * kMs, std::nullopt, kMs);
  ASSERT_TRUE(freeze.has_value());
  EXPECT_EQ(freeze->until_ns, 60'000 * kMs);
  EXPECT_FALSE(FreezeWatch::Judge(0, 600 * kMs, std::nullopt, 300 * kMs).has_value());
}

}  // namespace
}  // namespace lambent
