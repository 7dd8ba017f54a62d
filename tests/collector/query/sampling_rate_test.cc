// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/sampling_rate.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace lambent::collector {
namespace {

// Ten seconds of sampling.
SamplingRate Rate(double asked_hz, double allowed_hz, uint64_t ticks) {
  Cost cost;
  cost.sampled_us = 10'000'000;
  cost.ticks = ticks;
  cost.asked_microticks = static_cast<uint64_t>(asked_hz * 10e6);
  cost.allowed_microticks = static_cast<uint64_t>(allowed_hz * 10e6);
  return RateOf(cost);
}

TEST(SamplingRateTest, IsTheMeanOverTheTimeSampled) {
  const SamplingRate rate = Rate(99, 46.1, 452);
  EXPECT_DOUBLE_EQ(rate.asked_hz, 99);
  EXPECT_DOUBLE_EQ(rate.allowed_hz, 46.1);
  EXPECT_DOUBLE_EQ(rate.achieved_hz, 45.2);
}

TEST(SamplingRateTest, ARateAsAskedForNeedsNoReason) {
  EXPECT_EQ(RateText(Rate(99, 99, 990)), "99 Hz");
  EXPECT_EQ(RateText(Rate(99, 99, 975)), "97.5 Hz");
  EXPECT_EQ(WhyLower(Rate(99, 99, 975)), "");
  EXPECT_EQ(RateText(Rate(99, 99, 1200)), "120 Hz");
}

TEST(SamplingRateTest, SaysWhatLoweredIt) {
  EXPECT_EQ(RateText(Rate(99, 46.1, 452)), "45.2 of 99 Hz: the overhead budget allowed 46.1 Hz");
  EXPECT_EQ(RateText(Rate(99, 99, 500)), "50 of 99 Hz: ticks came late");
  EXPECT_EQ(RateText(Rate(99, 60, 300)),
            "30 of 99 Hz: the overhead budget allowed 60 Hz, and ticks came late");
  // Each a little, together more.
  EXPECT_EQ(RateText(Rate(100, 96, 930)), "93 of 100 Hz: ticks came late");
}

TEST(SamplingRateTest, AFewTicksProveNothing) {
  Cost cost;
  cost.sampled_us = 22'000;
  cost.ticks = 2;  // jitter
  cost.asked_microticks = cost.allowed_microticks = 2'178'000;
  EXPECT_EQ(WhyLower(RateOf(cost)), "");
}

TEST(SamplingRateTest, KnowsNothingWhereNobodyCounted) {
  EXPECT_EQ(RateText(RateOf({})), "");
  EXPECT_EQ(WhyLower(RateOf({})), "");
}

}  // namespace
}  // namespace lambent::collector
