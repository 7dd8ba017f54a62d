// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/sampling_loop.h"

#include <memory>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/profiler/session/sampling_loop_fixture.h"

namespace lambent {
namespace {

TEST_F(SamplingLoopTest, LooksForTheProcessEachMillisecond) {
  RunFor(absl::Milliseconds(100));
  EXPECT_GE(attach_calls_, 95);

  RunFor(absl::Seconds(3));
  const int before = attach_calls_;
  RunFor(absl::Seconds(1));
  EXPECT_LE(attach_calls_ - before, 60);
}

TEST_F(SamplingLoopTest, SamplesAtTheRate) {
  Appear(42).Run(42, {"leaf", "main"});
  RunFor(absl::Seconds(10));
  loop_->Finish();

  EXPECT_NEAR(static_cast<double>(loop_->observed()), 990, 3);
  EXPECT_EQ(sink_.Accounted(), loop_->observed());
}

TEST_F(SamplingLoopTest, AssignsPhasesThoughTelemetryIsLate) {
  Appear(42).Run(42, {"leaf", "main"});
  RunFor(absl::Milliseconds(500));
  Post(Kind::kInvoke, "r1");
  RunFor(absl::Milliseconds(300));
  InvocationEvent done;
  done.kind = Kind::kRuntimeDone;
  done.request_id = "r1";
  done.time = clock_.UnixTime();
  RunFor(absl::Milliseconds(100));  // telemetry takes its time
  inputs_.Post(done);
  RunFor(absl::Milliseconds(100));
  Post(Kind::kShutdown);
  loop_->Finish();

  const auto counts = ByPhase();
  EXPECT_NEAR(static_cast<double>(counts.at("init ")), 49, 2);
  EXPECT_NEAR(static_cast<double>(counts.at("invoke r1")), 30, 2);
  EXPECT_NEAR(static_cast<double>(counts.at("after r1")), 20, 2);
  EXPECT_EQ(sink_.Accounted(), loop_->observed());
}

TEST_F(SamplingLoopTest, GivesAFreezeNoWeightAndAnEvent) {
  Appear(42).Run(42, {"leaf", "main"});
  RunFor(absl::Milliseconds(200));
  clock_.Freeze(absl::Minutes(10));
  RunFor(absl::Milliseconds(200));
  loop_->Finish();

  uint64_t wall_us = 0, cost_wall_us = 0;
  int freezes = 0;
  for (const v1::BatchContent& content : sink_.contents()) {
    for (const v1::Segment& segment : content.segments()) {
      for (const uint32_t us : segment.samples().wall_us()) wall_us += us;
      cost_wall_us += segment.cost().wall_us();
    }
    for (const v1::InvocationEvent& event : content.events()) {
      if (event.kind() != v1::InvocationEvent::FREEZE) continue;
      ++freezes;
      EXPECT_NEAR(static_cast<double>(event.duration_us()), 600e6, 20e3);
    }
  }
  EXPECT_EQ(freezes, 1);
  EXPECT_NEAR(static_cast<double>(wall_us), 400e3, 25e3);
  EXPECT_NEAR(static_cast<double>(cost_wall_us), 400e3, 25e3);
}

TEST_F(SamplingLoopTest, GivesShortFreezesBetweenInvocationsNoWeight) {
  Appear(42).Run(42, {"leaf", "main"});
  RunFor(absl::Milliseconds(100));
  for (int i = 0; i < 20; ++i) {
    Post(Kind::kInvoke, std::to_string(i));
    RunFor(absl::Milliseconds(10));
    Post(Kind::kRuntimeDone, std::to_string(i));
    clock_.Freeze(absl::Milliseconds(250));
  }
  Post(Kind::kShutdown);
  RunFor(absl::Milliseconds(20));
  loop_->Finish();

  const uint64_t wall_us = SampledWallUs();
  // 100 ms of init, 20 invocations of 10 ms, 20 ms of shutdown; a period may be cut at each freeze.
  EXPECT_GT(wall_us, 150e3);
  EXPECT_LT(wall_us, 450e3);
}

TEST_F(SamplingLoopTest, SeesShortFreezesAtALowRateToo) {
  SessionOptions options;
  options.sample_hz = 2;
  Restart(options);
  Appear(42).Run(42, {"leaf", "main"});
  RunFor(absl::Milliseconds(600));
  for (int i = 0; i < 20; ++i) {
    Post(Kind::kInvoke, std::to_string(i));
    RunFor(absl::Milliseconds(100));
    clock_.Freeze(absl::Milliseconds(300));
  }
  Post(Kind::kInvoke, "last");
  RunFor(absl::Milliseconds(600));
  loop_->Finish();

  const uint64_t wall_us = SampledWallUs();
  EXPECT_NEAR(static_cast<double>(wall_us), 3200e3, 800e3);  // with the freezes 9200e3
}

TEST_F(SamplingLoopTest, LateTicksWithinAnInvocationKeepTheirWeight) {
  Appear(42).Run(42, {"leaf", "main"});
  Post(Kind::kInvoke, "r");
  RunFor(absl::Milliseconds(100));
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(absl::Milliseconds(100));  // a small share of a CPU: everybody waits
    RunFor(absl::Milliseconds(20));
  }
  loop_->Finish();

  const uint64_t wall_us = SampledWallUs();
  EXPECT_NEAR(static_cast<double>(wall_us), 700e3, 25e3);
}

TEST_F(SamplingLoopTest, OwnLongWorkIsNoFreeze) {
  Appear(42).Run(42, {"leaf", "main"});
  RunFor(absl::Milliseconds(200));
  clock_.Advance(absl::Milliseconds(600));
  clock_.UseCpu(absl::Milliseconds(300));
  RunFor(absl::Milliseconds(200));
  loop_->Finish();

  for (const v1::BatchContent& content : sink_.contents()) EXPECT_EQ(content.events_size(), 0);
}

TEST_F(SamplingLoopTest, ReadsEverythingAtBoundariesAndLittleBetween) {
  Appear(42).Run(42, {"main"});
  RunFor(absl::Milliseconds(1000));
  const auto cadence =
      std::count(metrics_.asked().begin(), metrics_.asked().end(), MetricsScope::kCadence);
  EXPECT_NEAR(static_cast<double>(cadence), 9, 2);

  Post(Kind::kInvoke, "r");
  RunFor(absl::Milliseconds(15));
  EXPECT_EQ(metrics_.asked().back(), MetricsScope::kCadence);
  Post(Kind::kRuntimeDone, "r");
  RunFor(absl::Milliseconds(15));
  EXPECT_EQ(metrics_.asked().back(), MetricsScope::kBoundary);
}

// The budget allows a look each 100 ms; the invocations are 15 ms long.
TEST_F(SamplingLoopTest, LooksAtEachInvocationHoweverSmallTheBudget) {
  Appear(42).Run(42, {"leaf", "main"});
  RunFor(absl::Milliseconds(100));
  Post(Kind::kInitRuntimeDone);
  Post(Kind::kInvoke, "warm-up");
  for (int i = 0; i < 200; ++i) {
    clock_.UseCpu(absl::Milliseconds(1));
    clock_.SleepUntil(loop_->Step());
  }
  const uint64_t before = loop_->observed();
  RunFor(absl::Seconds(1));
  ASSERT_LT(loop_->observed() - before, 20u);
  Post(Kind::kRuntimeDone, "warm-up");
  for (int i = 0; i < 50; ++i) {
    clock_.Freeze(absl::Milliseconds(500));
    Post(Kind::kInvoke, std::to_string(i));
    RunFor(absl::Milliseconds(15));
    Post(Kind::kRuntimeDone, std::to_string(i));
    RunFor(absl::Milliseconds(1));
  }
  loop_->Finish();

  const auto counts = ByPhase();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(counts.count("invoke " + std::to_string(i)), 1u) << i;
}

// Invocations shorter than a period between long freezes: looks fall anywhere in them, and not
// always at the first moment after the thaw.
TEST_F(SamplingLoopTest, AThawIsNoReasonToLook) {
  fakes::FakeProcessSampler& process = Appear(42);
  process.Run(42, {"leaf", "main"});
  RunFor(absl::Milliseconds(100));
  Post(Kind::kInitRuntimeDone);
  int64_t thawed_ns = 0;
  std::vector<int64_t> moments_ns;
  process.OnTick([&](uint64_t) { moments_ns.push_back(clock_.MonotonicNs() - thawed_ns); });
  for (int i = 0; i < 400; ++i) {
    clock_.Freeze(absl::Milliseconds(500));
    thawed_ns = clock_.MonotonicNs();
    Post(Kind::kInvoke, std::to_string(i));
    RunFor(absl::Milliseconds(5));
    Post(Kind::kRuntimeDone, std::to_string(i));
  }
  EXPECT_NEAR(static_cast<double>(moments_ns.size()), 198, 15);  // 2 s at 99 Hz
  const auto late = std::count_if(moments_ns.begin(), moments_ns.end(),
                                  [](int64_t moment_ns) { return moment_ns > 2'500'000; });
  EXPECT_NEAR(static_cast<double>(late), static_cast<double>(moments_ns.size()) / 2,
              static_cast<double>(moments_ns.size()) / 6);
}

TEST_F(SamplingLoopTest, AccountsForItsOwnCpuTimeToTheEnd) {
  Appear(42).Run(42, {"main"});
  for (int i = 0; i < 50; ++i) {
    clock_.UseCpu(absl::Microseconds(700));
    clock_.SleepUntil(loop_->Step());
  }
  clock_.UseCpu(absl::Microseconds(300));
  loop_->Finish();

  uint64_t self_cpu_us = 0;
  for (const v1::BatchContent& content : sink_.contents()) {
    for (const v1::Segment& segment : content.segments()) {
      self_cpu_us += segment.cost().self_cpu_us();
    }
  }
  EXPECT_EQ(self_cpu_us, 50u * 700 + 300);
}

TEST_F(SamplingLoopTest, CutsAnAnsweredInvocationAtOnceWhenOftenFrozen) {
  Appear(42).Run(42, {"main"});
  RunFor(absl::Milliseconds(300));
  Post(Kind::kInitRuntimeDone);
  for (int i = 0; i < 3; ++i) {
    Post(Kind::kInvoke, std::to_string(i));
    RunFor(absl::Milliseconds(50));
    Post(Kind::kRuntimeDone, std::to_string(i));
    RunFor(absl::Milliseconds(30));
    clock_.Freeze(absl::Minutes(1));
  }
  RunFor(absl::Milliseconds(50));

  EXPECT_GE(ByPhase().at("invoke 1"), 3u);  // without Finish: it has left already
}

TEST_F(SamplingLoopTest, FlushRequestCutsWhatIsSettled) {
  Appear(42).Run(42, {"main"});
  RunFor(absl::Milliseconds(400));
  const size_t before = sink_.batches().size();

  inputs_.RequestFlush();
  RunFor(absl::Milliseconds(15));

  EXPECT_EQ(sink_.batches().size(), before + 1);
}

TEST_F(SamplingLoopTest, FollowsTheCollectorsWishes) {
  Appear(42).Run(42, {"main"});
  inputs_.SetRate(10);
  RunFor(absl::Seconds(5));
  EXPECT_NEAR(static_cast<double>(loop_->observed()), 50, 3);

  inputs_.Pause(true);
  RunFor(absl::Seconds(60));
  inputs_.Pause(false);
  inputs_.SetRate(0);
  RunFor(absl::Seconds(1));
  loop_->Finish();

  EXPECT_NEAR(static_cast<double>(loop_->observed()), 50 + 99, 5);
  const uint64_t wall_us = SampledWallUs();
  EXPECT_NEAR(static_cast<double>(wall_us), 6e6, 0.3e6);
}

TEST_F(SamplingLoopTest, GoesOnWithTheNextProcessUnderItsOwnNames) {
  fakes::FakeProcessSampler& first = Appear(42);
  first.Run(42, {"old_leaf", "old_main"});
  RunFor(absl::Milliseconds(100));
  first.End();
  RunFor(absl::Milliseconds(30));
  Appear(43).Run(43, {"new_leaf", "new_main"});
  RunFor(absl::Milliseconds(300));
  loop_->Finish();

  std::vector<std::string> names;
  for (const v1::BatchContent& content : sink_.contents()) {
    for (const std::string& text : content.dictionary().strings()) names.push_back(text);
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf({"old_leaf", "old_main", "new_leaf", "new_main"}));
  EXPECT_EQ(sink_.Accounted(), loop_->observed());
}

TEST_F(SamplingLoopTest, ReportsWhatTheSinkLostInANewEpoch) {
  Appear(42).Run(42, {"main"});
  RunFor(absl::Milliseconds(1200));
  SinkDebt debt;
  debt.new_epoch = true;
  debt.lost.Add(DropReason::kRejected, 5);
  sink_.Owe(debt);
  loop_->Finish();

  EXPECT_EQ(sink_.contents().back().dictionary_epoch(), 2u);
  EXPECT_GT(sink_.contents().back().dictionary().strings_size(), 0);
  EXPECT_EQ(sink_.Accounted(), loop_->observed() + 5);
}

// The reasons of what was lost beside samples.
std::vector<std::string> Losses(const fakes::FakeBatchSink& sink) {
  std::vector<std::string> reasons;
  for (const v1::BatchContent& content : sink.contents()) {
    for (const v1::InvocationEvent& event : content.events()) {
      if (event.kind() == v1::InvocationEvent::TELEMETRY_DROPPED) reasons.push_back(event.reason());
    }
  }
  return reasons;
}

TEST_F(SamplingLoopTest, CountsEventsThatItDidNotTakeInTime) {
  for (size_t i = 0; i < SessionInputs::kMaxEvents + 3; ++i) Post(Kind::kStart, std::to_string(i));
  RunFor(absl::Milliseconds(20));
  loop_->Finish();

  EXPECT_THAT(Losses(sink_), ::testing::ElementsAre(::testing::StartsWith("3 events lost")));
}

TEST_F(SamplingLoopTest, CountsMetricReadingsBeyondItsBound) {
  metrics_.Repeat(4096 + 7);
  RunFor(absl::Milliseconds(20));
  metrics_.Repeat(0);
  loop_->Finish();

  EXPECT_THAT(Losses(sink_), ::testing::ElementsAre(::testing::StartsWith("7 metric readings")));
}

TEST_F(SamplingLoopTest, TellsOfEventsThatTheSinkLostWithTheirBatches) {
  SinkDebt debt;
  debt.batches = 2;
  sink_.Owe(debt);
  RunFor(absl::Milliseconds(20));
  loop_->Finish();

  EXPECT_THAT(Losses(sink_), ::testing::ElementsAre(::testing::HasSubstr("of 2 batches lost")));
}

TEST_F(SamplingLoopTest, TellsOnceWhatTheAgentCouldNotDo) {
  fakes::FakeProcessSampler& process = Appear(42);
  process.Run(42, {"main"});
  RunFor(absl::Milliseconds(20));
  process.LoseToAgent({.no_cell = 3});
  RunFor(absl::Milliseconds(1200));  // a cut
  RunFor(absl::Milliseconds(1200));
  EXPECT_THAT(Losses(sink_), ::testing::ElementsAre(::testing::HasSubstr("3 copies not taken")));
  process.LoseToAgent({.too_many = 4});
  process.End();
  RunFor(absl::Milliseconds(100));
  loop_->Finish();
  EXPECT_THAT(Losses(sink_),
              ::testing::ElementsAre(::testing::HasSubstr("3 copies not taken"),
                                     ::testing::HasSubstr("4 requests beyond its threads")));
}

TEST_F(SamplingLoopTest, SlowsDownOverBudget) {
  Appear(42).Run(42, {"main"});
  Post(Kind::kInvoke, "r");
  for (int i = 0; i < 400; ++i) {
    RunFor(absl::Milliseconds(10));
    clock_.UseCpu(absl::Microseconds(400));  // 4 %
  }
  EXPECT_LT(loop_->observed(), 250u);
  loop_->Finish();

  // And says so.
  const v1::SelfCost cost = Cost();
  EXPECT_EQ(cost.ticks(), loop_->observed());
  EXPECT_NEAR(static_cast<double>(cost.sampled_us()), 4e6, 0.1e6);
  EXPECT_NEAR(static_cast<double>(cost.asked_microticks()), 4 * 99e6, 8e6);
  const double allowed = static_cast<double>(cost.allowed_microticks()) / 1e6;
  EXPECT_LT(allowed, 260);
  EXPECT_NEAR(allowed, static_cast<double>(cost.ticks()), 12);
}

TEST_F(SamplingLoopTest, CountsTicksAgainstTheRateAskedFor) {
  fakes::FakeProcessSampler& process = Appear(42);
  process.Run(42, {"main"});
  process.Block(43, {"sleep"});
  RunFor(absl::Seconds(1));
  inputs_.SetRate(10);
  RunFor(absl::Seconds(2));
  inputs_.Pause(true);  // neither asked for nor taken
  RunFor(absl::Seconds(10));
  loop_->Finish();

  const v1::SelfCost cost = Cost();
  EXPECT_NEAR(static_cast<double>(cost.ticks()), 99 + 20, 3);
  EXPECT_NEAR(static_cast<double>(cost.asked_microticks()), 119e6, 3e6);
  EXPECT_EQ(cost.allowed_microticks(), cost.asked_microticks());
  EXPECT_NEAR(static_cast<double>(cost.sampled_us()), 3e6, 0.2e6);
}

}  // namespace
}  // namespace lambent
