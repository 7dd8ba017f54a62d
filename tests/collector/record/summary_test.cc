// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/record/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lambent::record {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Recorded Example() {
  Recorded recorded;
  recorded.target = "work.py";
  recorded.length = absl::Seconds(10);
  recorded.ticks = 990;
  recorded.totals.samples = 30;
  recorded.totals.by_rung[static_cast<size_t>(Rung::kStop)] = 20;
  recorded.totals.by_rung[static_cast<size_t>(Rung::kUnchanged)] = 10;
  recorded.totals.drops.Add(DropReason::kTargetGone, 2);
  recorded.totals.cost.wall_us = 10'000'000;
  recorded.totals.cost.self_cpu_us = 50'000;
  recorded.rungs = {{Rung::kBlocked, true, "works"},
                    {Rung::kStop, false, "ptrace is refused"},
                    {Rung::kPerf, false, "perf is refused"}};
  return recorded;
}

TEST(SummaryTest, SamplesDropsRungsAndCostAreSaid) {
  const std::string text = SummaryText(Example());
  EXPECT_THAT(text, HasSubstr("recorded work.py for 10.0 s: 30 samples (20 stop, 10 unchanged), 2 "
                              "dropped (2 target-gone)"));
  EXPECT_THAT(text, HasSubstr("99.0 ticks a second; sampling took 0.50 % of one CPU"));
  EXPECT_THAT(text, Not(HasSubstr("refused")));
}

TEST(SummaryTest, SamplesWithoutNativeFramesAreSaid) {
  Recorded recorded = Example();
  EXPECT_THAT(SummaryJson(recorded, "f"), HasSubstr("\"partial_samples\": 0"));
  recorded.totals.partial = 4;
  EXPECT_THAT(SummaryText(recorded),
              HasSubstr("(20 stop, 10 unchanged), 4 without native frames, 2 dropped"));
  EXPECT_THAT(SummaryJson(recorded, "f"), HasSubstr("\"partial_samples\": 4"));
}

TEST(SummaryTest, WhatElseWasLostIsSaid) {
  Recorded recorded = Example();
  EXPECT_THAT(SummaryText(recorded), Not(HasSubstr("lost")));
  recorded.totals.losses = {"the agent: 3 copies not taken (all cells full)"};
  EXPECT_THAT(SummaryText(recorded), HasSubstr("\nlost: the agent: 3 copies not taken"));
  EXPECT_THAT(SummaryJson(recorded, "f"), HasSubstr("3 copies not taken"));
}

TEST(SummaryTest, ALoweredRateIsSaidWithItsReason) {
  Recorded recorded = Example();
  recorded.totals.cost.sampled_us = 10'000'000;
  recorded.totals.cost.ticks = 990;
  recorded.totals.cost.asked_microticks = recorded.totals.cost.allowed_microticks = 990'000'000;
  EXPECT_THAT(SummaryText(recorded), HasSubstr("99.0 ticks a second; sampling"));
  EXPECT_THAT(SummaryJson(recorded, "f"), HasSubstr("\"why_lower\": \"\""));
  recorded.ticks = recorded.totals.cost.ticks = 450;
  recorded.totals.cost.allowed_microticks = 450'000'000;
  EXPECT_THAT(SummaryText(recorded),
              HasSubstr("45.0 ticks a second where 99 were asked for (the overhead budget allowed "
                        "45 Hz); sampling"));
  EXPECT_THAT(SummaryJson(recorded, "f"), HasSubstr("\"achieved_hz\": 45.0"));
}

TEST(SummaryTest, HowTheCommandEndedIsSaidWhenItDidNotEndWell) {
  Recorded recorded = Example();
  recorded.command_end = os::CommandEnd{false, 0};
  EXPECT_THAT(SummaryText(recorded), Not(HasSubstr("ended")));
  recorded.command_end = os::CommandEnd{false, 3};
  EXPECT_THAT(SummaryText(recorded), HasSubstr("the command ended with status 3"));
  recorded.command_end = os::CommandEnd{true, 9};
  EXPECT_THAT(SummaryText(recorded), HasSubstr("the command ended by signal 9"));
}

TEST(SummaryTest, WhatWasRefusedIsExplainedByTheRungsThatDoNotWork) {
  Recorded recorded = Example();
  recorded.totals.drops.Add(DropReason::kRefused, 5);
  EXPECT_EQ(WhyRefused(recorded), "stop: ptrace is refused; perf: perf is refused");
  // A refusal now and then where a rung works is none.
  recorded.rungs[1].available = true;
  EXPECT_EQ(WhyRefused(recorded), "");
}

TEST(SummaryTest, AnEmptyRecordingSaysWhy) {
  Recorded recorded = Example();
  EXPECT_EQ(WhyEmpty(recorded), "none of the 30 samples of work.py held a Python's global lock");
  recorded.totals.samples = 0;
  recorded.totals.drops = {};
  recorded.length = absl::Milliseconds(3);
  EXPECT_THAT(WhyEmpty(recorded), HasSubstr("work.py ended after 3 ms"));
  recorded.totals.drops.Add(DropReason::kUnreadable, 1);
  EXPECT_THAT(WhyEmpty(recorded), HasSubstr("could be taken: 1 unreadable"));
  recorded.totals.drops.Add(DropReason::kRefused, 1);
  EXPECT_THAT(WhyEmpty(recorded), HasSubstr("stop: ptrace is refused"));
}

}  // namespace
}  // namespace lambent::record
