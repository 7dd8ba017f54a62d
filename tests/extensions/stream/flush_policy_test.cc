// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/flush_policy.h"

#include <gtest/gtest.h>

namespace lambent {
namespace {

using Action = FlushDecision::Action;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

// Something small waits for a second already, in the middle of a long invocation.
FlushState Waiting() {
  FlushState state;
  state.phase = Phase::kInvoke;
  state.now = kNow;
  state.phase_since = kNow - absl::Seconds(1);
  state.deadline = kNow + absl::Seconds(60);
  state.oldest_waiting = kNow - absl::Seconds(1);
  state.invoke_interval = absl::Milliseconds(200);
  state.backlog_bytes = 500;
  state.backlog_batches = 1;
  return state;
}

TEST(FlushPolicyTest, ShutdownIsFinal) {
  FlushState state = Waiting();
  state.phase = Phase::kShutdown;
  state.backlog_batches = 0;
  EXPECT_EQ(DecideFlush(state), (FlushDecision{Action::kFinal, state.deadline}));
}

TEST(FlushPolicyTest, WaitsForNewsWhenNothingWaits) {
  FlushState state = Waiting();
  state.backlog_batches = 0;
  EXPECT_EQ(DecideFlush(state), (FlushDecision{Action::kWait, absl::InfiniteFuture()}));
}

TEST(MaySendSymbolsTest, InAnInvocationWhenNoBatchWaits) {
  FlushState state = Waiting();
  EXPECT_FALSE(MaySendSymbols(state));
  state.backlog_batches = 0;
  EXPECT_TRUE(MaySendSymbols(state));
  state.deadline = kNow + absl::Milliseconds(500);
  EXPECT_FALSE(MaySendSymbols(state)) << "a time-out may be next";
}

TEST(MaySendSymbolsTest, NotWhileAFreezeIsNear) {
  FlushState state = Waiting();
  state.backlog_batches = 0;
  state.phase = Phase::kAfter;
  EXPECT_TRUE(MaySendSymbols(state));
  state.phase_since = kNow - absl::Milliseconds(249);
  EXPECT_FALSE(MaySendSymbols(state));
}

TEST(MaySendSymbolsTest, NeverInAColdStartAtShutdownOrInModeEnd) {
  FlushState state = Waiting();
  state.backlog_batches = 0;
  for (const Phase phase : {Phase::kInit, Phase::kShutdown, Phase::kUnspecified}) {
    state.phase = phase;
    EXPECT_FALSE(MaySendSymbols(state));
  }
  state.phase = Phase::kInvoke;
  state.mode = FlushMode::kImmediate;
  EXPECT_TRUE(MaySendSymbols(state));
  state.mode = FlushMode::kEnd;
  EXPECT_FALSE(MaySendSymbols(state));
}

TEST(FlushPolicyTest, GathersWhileInvocationsAreFrequent) {
  EXPECT_EQ(DecideFlush(Waiting()), (FlushDecision{Action::kWait, kNow + absl::Seconds(1)}));
}

TEST(FlushPolicyTest, SendsWhatHasGatheredLongEnough) {
  FlushState state = Waiting();
  state.oldest_waiting = kNow - absl::Seconds(2);
  EXPECT_EQ(DecideFlush(state).action, Action::kSend);
}

TEST(FlushPolicyTest, SendsAtOnceWhenInvocationsAreRare) {
  FlushState state = Waiting();
  state.invoke_interval = absl::Minutes(1);
  EXPECT_EQ(DecideFlush(state).action, Action::kSend);
  state.invoke_interval = absl::InfiniteDuration();
  EXPECT_EQ(DecideFlush(state).action, Action::kSend);
}

TEST(FlushPolicyTest, SendsBeforeATimeout) {
  FlushState state = Waiting();
  state.deadline = kNow + absl::Milliseconds(400);
  EXPECT_EQ(DecideFlush(state).action, Action::kSend);
  state.deadline = kNow + absl::Milliseconds(800);
  EXPECT_EQ(DecideFlush(state), (FlushDecision{Action::kWait, kNow + absl::Milliseconds(300)}));
}

TEST(FlushPolicyTest, DoesNotProlongTheEndOfAnInvocation) {
  FlushState state = Waiting();
  state.phase = Phase::kAfter;
  state.phase_since = kNow - absl::Milliseconds(10);
  state.invoke_interval = absl::Minutes(1);
  EXPECT_EQ(DecideFlush(state), (FlushDecision{Action::kWait, kNow + absl::Milliseconds(240)}));

  state.phase_since = kNow - absl::Milliseconds(300);  // somebody keeps the environment awake
  EXPECT_EQ(DecideFlush(state).action, Action::kSend);
}

TEST(FlushPolicyTest, SendsBeforeSamplesGetLost) {
  FlushState state = Waiting();
  state.mode = FlushMode::kEnd;
  EXPECT_EQ(DecideFlush(state).action, Action::kWait);
  state.backlog_bytes = state.limit_bytes / 2;
  EXPECT_EQ(DecideFlush(state).action, Action::kSend);
}

TEST(FlushPolicyTest, ImmediateSendsInEveryPhase) {
  FlushState state = Waiting();
  state.mode = FlushMode::kImmediate;
  for (const Phase phase : {Phase::kInit, Phase::kInvoke, Phase::kAfter}) {
    state.phase = phase;
    state.phase_since = kNow;
    EXPECT_EQ(DecideFlush(state).action, Action::kSend);
  }
}

TEST(FlushPolicyTest, SendsALotAtOnce) {
  FlushState state = Waiting();
  state.backlog_bytes = 64 << 10;
  EXPECT_EQ(DecideFlush(state).action, Action::kSend);
}

TEST(FlushPolicyTest, ReadsItsModeByName) {
  EXPECT_EQ(ParseFlushMode("adaptive"), FlushMode::kAdaptive);
  EXPECT_EQ(ParseFlushMode("immediate"), FlushMode::kImmediate);
  EXPECT_EQ(ParseFlushMode("end"), FlushMode::kEnd);
  EXPECT_EQ(ParseFlushMode("Adaptive"), std::nullopt);
}

}  // namespace
}  // namespace lambent
