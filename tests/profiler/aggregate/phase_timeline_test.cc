// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/aggregate/phase_timeline.h"

#include <gtest/gtest.h>

namespace lambent {
namespace {

TEST(PhaseTimelineTest, BeginsWithInit) {
  const PhaseTimeline timeline(100);

  EXPECT_EQ(timeline.At(100).phase, Phase::kInit);
  EXPECT_EQ(timeline.At(5).phase, Phase::kInit);
  EXPECT_EQ(timeline.At(1'000'000).phase, Phase::kInit);
}

TEST(PhaseTimelineTest, AssignsMomentsByTheTimeOfEventsNotTheirArrival) {
  PhaseTimeline timeline(0);
  timeline.Invoke("a", 100);
  timeline.Invoke("b", 300);

  timeline.RuntimeDone("a", 200);  // late: after b began

  EXPECT_EQ(timeline.At(199).phase, Phase::kInvoke);
  EXPECT_EQ(timeline.At(199).request_id, "a");
  EXPECT_EQ(timeline.At(200).phase, Phase::kAfter);
  EXPECT_EQ(timeline.At(299).request_id, "a");
  EXPECT_EQ(timeline.At(300).phase, Phase::kInvoke);
  EXPECT_EQ(timeline.At(300).request_id, "b");
}

TEST(PhaseTimelineTest, ClampsAnAnswerIntoItsInvocation) {
  PhaseTimeline timeline(0);
  timeline.Invoke("a", 100);
  timeline.Invoke("b", 300);

  timeline.RuntimeDone("a", 900);

  EXPECT_EQ(timeline.At(299).phase, Phase::kInvoke);
  EXPECT_EQ(timeline.At(300).request_id, "b");
  EXPECT_EQ(timeline.At(900).phase, Phase::kInvoke);
}

TEST(PhaseTimelineTest, IgnoresRepeatedAndUnknownAnswers) {
  PhaseTimeline timeline(0);
  timeline.Invoke("a", 100);

  timeline.RuntimeDone("stranger", 150);
  timeline.RuntimeDone("a", 200);
  timeline.RuntimeDone("a", 120);

  EXPECT_EQ(timeline.At(199).phase, Phase::kInvoke);
  EXPECT_EQ(timeline.At(200).phase, Phase::kAfter);
}

TEST(PhaseTimelineTest, EndsInitWhenTheRuntimeAsksForWork) {
  PhaseTimeline timeline(0);
  timeline.Invoke("a", 100);

  timeline.InitDone(50);
  timeline.InitDone(120);  // a suppressed init within the invocation

  EXPECT_EQ(timeline.At(49).phase, Phase::kInit);
  EXPECT_EQ(timeline.At(60).phase, Phase::kAfter);
  EXPECT_EQ(timeline.At(60).request_id, "");
  EXPECT_EQ(timeline.At(130).phase, Phase::kInvoke);
}

TEST(PhaseTimelineTest, ShutdownEndsWhatRan) {
  PhaseTimeline timeline(0);
  timeline.Invoke("a", 100);

  timeline.Shutdown(200);

  EXPECT_EQ(timeline.At(199).request_id, "a");
  EXPECT_EQ(timeline.At(200).phase, Phase::kShutdown);
}

TEST(PhaseTimelineTest, SettlesByUnfrozenTime) {
  PhaseTimeline timeline(0);
  timeline.Frozen(1'000, 100'000);

  EXPECT_EQ(timeline.SettledBefore(100'100, 150), 950);
  EXPECT_EQ(timeline.SettledBefore(100'200, 150), 100'050);
}

TEST(PhaseTimelineTest, SettlesEarlyWhenAllAnswersAreKnown) {
  constexpr int64_t kMs = 1'000'000;
  PhaseTimeline timeline(0);
  timeline.InitDone(100 * kMs);
  timeline.Invoke("a", 1'000 * kMs);
  EXPECT_EQ(timeline.SettledBefore(1'050 * kMs, 150 * kMs), 1'000 * kMs);

  timeline.RuntimeDone("a", 1'040 * kMs);
  EXPECT_EQ(timeline.SettledBefore(1'070 * kMs, 150 * kMs), 1'050 * kMs);

  timeline.Invoke("b", 1'080 * kMs);
  timeline.Invoke("c", 1'100 * kMs);
  EXPECT_EQ(timeline.SettledBefore(1'120 * kMs, 150 * kMs), 1'080 * kMs);
  EXPECT_EQ(timeline.SettledBefore(2'000 * kMs, 150 * kMs), 1'850 * kMs);
}

TEST(PhaseTimelineTest, NeverChangesWhatWasUsed) {
  PhaseTimeline timeline(0);
  timeline.Invoke("a", 100);
  timeline.Forget(500);

  timeline.RuntimeDone("a", 200);

  EXPECT_EQ(timeline.At(499).phase, Phase::kInvoke);
  EXPECT_EQ(timeline.At(500).phase, Phase::kAfter);
}

TEST(PhaseTimelineTest, StaysBounded) {
  PhaseTimeline timeline(0);
  for (int i = 0; i < 20'000; ++i) timeline.Invoke(std::to_string(i), i * 10);

  EXPECT_EQ(timeline.At(200'000).request_id, "19999");
  EXPECT_EQ(timeline.At(0).request_id, std::to_string(20'000 - 4'096));
}

}  // namespace
}  // namespace lambent
