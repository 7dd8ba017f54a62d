// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/choose_rung.h"

#include <gtest/gtest.h>

namespace lambent {
namespace {

constexpr LadderAbilities kAll{.read_memory = true, .read_call = true, .stop = true};
constexpr LadderAbilities kLambda{.read_memory = true, .read_call = true, .stop = false};

TEST(ChooseRungTest, TakesAnUnchangedStackWhateverWorks) {
  EXPECT_EQ(ChooseRung({.unchanged = true, .blocked = true}, {}).first, Step::kUnchanged);
  EXPECT_EQ(ChooseRung({.unchanged = true, .interpreted = true}, kAll).first, Step::kUnchanged);
}

TEST(ChooseRungTest, NeverStopsAThreadThatIsBlockedOrHeld) {
  for (int bits = 0; bits < 32; ++bits) {
    ThreadFacts facts{.blocked = (bits & 1) != 0, .stopped = (bits & 2) != 0};
    facts.interpreted = (bits & 4) != 0;
    const LadderAbilities abilities{
        .read_memory = (bits & 8) != 0, .read_call = (bits & 16) != 0, .stop = true};
    if (!facts.blocked && !facts.stopped) continue;
    const RungPlan plan = ChooseRung(facts, abilities);
    EXPECT_NE(plan.first, Step::kStop) << bits;
    EXPECT_NE(plan.second, Step::kStop) << bits;
  }
}

TEST(ChooseRungTest, ReadsBlockedThreadsWhereTheyLie) {
  EXPECT_EQ(ChooseRung({.blocked = true}, kLambda).first, Step::kBlocked);
  EXPECT_EQ(ChooseRung({.blocked = true, .interpreted = true}, kLambda).first, Step::kBlocked);
}

TEST(ChooseRungTest, ReadsBlockedInterpreterThreadsWithoutRegisters) {
  const LadderAbilities memory_only{.read_memory = true};
  EXPECT_EQ(ChooseRung({.blocked = true, .interpreted = true}, memory_only).first, Step::kBlocked);
  const RungPlan native = ChooseRung({.blocked = true}, memory_only);
  EXPECT_EQ(native.first, Step::kNone);
  EXPECT_EQ(native.drop, DropReason::kRefused);
}

TEST(ChooseRungTest, ReadsRunningInterpretersThenStopsThem) {
  const RungPlan plan = ChooseRung({.interpreted = true}, kAll);
  EXPECT_EQ(plan.first, Step::kConsistentRead);
  EXPECT_EQ(plan.second, Step::kStop);
}

TEST(ChooseRungTest, StopsRunningInterpretersFirstForTheirNativeFrames) {
  const RungPlan plan = ChooseRung({.interpreted = true, .native = true}, kAll);
  EXPECT_EQ(plan.first, Step::kStop);
  EXPECT_EQ(plan.second, Step::kConsistentRead);
  EXPECT_EQ(ChooseRung({.interpreted = true, .native = true}, kLambda).first,
            Step::kConsistentRead);
  EXPECT_EQ(ChooseRung({.blocked = true, .interpreted = true, .native = true}, kAll).first,
            Step::kBlocked);
}

TEST(ChooseRungTest, CountsAnInconsistentReadWhereNothingMayBeStopped) {
  const RungPlan plan = ChooseRung({.interpreted = true}, kLambda);
  EXPECT_EQ(plan.first, Step::kConsistentRead);
  EXPECT_EQ(plan.second, Step::kNone);
  EXPECT_EQ(plan.drop, DropReason::kInconsistent);
}

TEST(ChooseRungTest, StopsRunningNativeThreadsOrSaysThatItMayNot) {
  EXPECT_EQ(ChooseRung({}, kAll).first, Step::kStop);
  EXPECT_EQ(ChooseRung({}, kLambda), (RungPlan{.drop = DropReason::kRefused}));
}

TEST(ChooseRungTest, SamplesRunningNativeThreadsByPerfWhereTheyMayNotBeStopped) {
  LadderAbilities perf = kLambda;
  perf.perf = true;
  EXPECT_EQ(ChooseRung({}, perf).first, Step::kPerf);
  perf.stop = true;
  EXPECT_EQ(ChooseRung({}, perf).first, Step::kStop);
  EXPECT_EQ(ChooseRung({}, {.perf = true}).first, Step::kPerf);
  EXPECT_EQ(ChooseRung({.blocked = true}, {.perf = true}).first, Step::kNone);
}

TEST(ChooseRungTest, TakesNativeFramesOfAnInterpreterThatMayNotBeRead) {
  LadderAbilities perf = kLambda;
  perf.perf = true;
  perf.consistent = false;
  EXPECT_EQ(ChooseRung({.interpreted = true}, perf).first, Step::kPerf);
  perf.stop = true;
  EXPECT_EQ(ChooseRung({.interpreted = true}, perf).first, Step::kStop);
}

TEST(ChooseRungTest, RefusesEverythingWithoutMemory) {
  const LadderAbilities blind{.read_call = true, .stop = true};
  for (const bool blocked : {false, true}) {
    for (const bool interpreted : {false, true}) {
      const RungPlan plan = ChooseRung({.blocked = blocked, .interpreted = interpreted}, blind);
      EXPECT_EQ(plan.first, Step::kNone);
      EXPECT_EQ(plan.drop, DropReason::kRefused);
    }
  }
}

}  // namespace
}  // namespace lambent
