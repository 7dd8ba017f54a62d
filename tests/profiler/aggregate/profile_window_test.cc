// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/aggregate/profile_window.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace lambent {
namespace {

constexpr int64_t kMs = 1'000'000;

Frame Function(uint32_t name) {
  Frame frame;
  frame.kind = FrameKind::kPython;
  frame.name = static_cast<StringId>(name);
  return frame;
}

class ProfileWindowTest : public ::testing::Test {
 protected:
  // One observation each 10 ms of thread `tid`, with the stack of one function.
  void Observe(int32_t tid, int64_t time_ns, uint32_t function,
               DropReason drop = DropReason::kUnspecified) {
    ThreadSample sample;
    sample.pid = 7;
    sample.tid = tid;
    sample.time_ns = time_ns;
    sample.cpu_ns = 5 * kMs;
    sample.run_queue_ns = run_queue_ns_;
    sample.state = ThreadState::kRunning;
    sample.rung = rung_;
    sample.partial = partial_;
    sample.drop = drop;
    stack_ = {Function(function), Function(1)};
    sample.stack = drop == DropReason::kUnspecified ? &stack_ : nullptr;
    window_.Observe(sample, 10 * kMs);
  }
  void SettleAll() { window_.Settle(std::numeric_limits<int64_t>::max()); }
  uint64_t Accounted() const {
    uint64_t sum = 0;
    for (const Segment& segment : window_.segments()) {
      sum += segment.observations + segment.drops.total();
    }
    return sum;
  }

  Rung rung_ = Rung::kConsistentRead;
  bool partial_ = false;
  int64_t run_queue_ns_ = 0;
  Stack stack_;
  PhaseTimeline timeline_{0};
  ProfileWindow window_{timeline_};
};

TEST_F(ProfileWindowTest, MergesARunOfEqualObservations) {
  for (int i = 1; i <= 5; ++i) Observe(1, i * 10 * kMs, 2);
  SettleAll();

  ASSERT_EQ(window_.segments().size(), 1u);
  const Segment& segment = window_.segments()[0];
  ASSERT_EQ(segment.rows.size(), 1u);
  EXPECT_EQ(segment.rows.observations[0], 5u);
  EXPECT_EQ(segment.rows.start_ns[0], 0);
  EXPECT_EQ(segment.rows.wall_ns[0], 50 * kMs);
  EXPECT_EQ(segment.rows.cpu_ns[0], 25 * kMs);
}

TEST_F(ProfileWindowTest, SumsRunQueueWaitWithinTheWallTime) {
  run_queue_ns_ = 2 * kMs;
  Observe(1, 10 * kMs, 2);
  run_queue_ns_ = 400 * kMs;  // most of it was a freeze's: it weighs 10 ms
  Observe(1, 20 * kMs, 2);
  SettleAll();

  const SampleRows& rows = window_.segments()[0].rows;
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.wall_ns[0], 20 * kMs);
  EXPECT_EQ(rows.run_queue_ns[0], 12 * kMs);
}

TEST_F(ProfileWindowTest, BeginsARowWhenStackRungOrThreadChange) {
  Observe(1, 10 * kMs, 2);
  Observe(2, 10 * kMs, 2);
  Observe(1, 20 * kMs, 3);
  rung_ = Rung::kBlocked;
  Observe(1, 30 * kMs, 3);
  SettleAll();

  EXPECT_EQ(window_.segments()[0].rows.size(), 4u);
}

TEST_F(ProfileWindowTest, KeepsPartialSamplesApart) {
  Observe(1, 10 * kMs, 2);
  partial_ = true;
  Observe(1, 20 * kMs, 2);
  Observe(1, 30 * kMs, 2);
  SettleAll();

  const SampleRows& rows = window_.segments()[0].rows;
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows.partial[0], 0);
  EXPECT_EQ(rows.partial[1], 1);
  EXPECT_EQ(rows.observations[1], 2u);
}

TEST_F(ProfileWindowTest, DoesNotMergeAcrossAGap) {
  Observe(1, 10 * kMs, 2);
  Observe(1, 500 * kMs, 2);
  SettleAll();

  ASSERT_EQ(window_.segments()[0].rows.size(), 2u);
  EXPECT_EQ(window_.segments()[0].rows.start_ns[1], 490 * kMs);
}

TEST_F(ProfileWindowTest, HoldsBackWhatIsNotSettled) {
  Observe(1, 10 * kMs, 2);
  Observe(1, 200 * kMs, 2);

  window_.Settle(100 * kMs);

  EXPECT_EQ(Accounted(), 1u);
  SettleAll();
  EXPECT_EQ(Accounted(), 2u);
}

TEST_F(ProfileWindowTest, SplitsARunAtABoundaryThatWasToldLate) {
  for (int i = 1; i <= 10; ++i) Observe(1, i * 10 * kMs, 2);
  timeline_.Invoke("r", 35 * kMs);
  timeline_.RuntimeDone("r", 75 * kMs);
  SettleAll();

  ASSERT_EQ(window_.segments().size(), 3u);
  EXPECT_EQ(window_.segments()[0].phase, Phase::kInit);
  EXPECT_EQ(window_.segments()[0].observations, 3u);
  EXPECT_EQ(window_.segments()[1].phase, Phase::kInvoke);
  EXPECT_EQ(window_.segments()[1].request_id, "r");
  EXPECT_EQ(window_.segments()[1].observations, 4u);
  EXPECT_EQ(window_.segments()[1].rows.start_ns[0], 35 * kMs);
  EXPECT_EQ(window_.segments()[2].phase, Phase::kAfter);
  EXPECT_EQ(window_.segments()[2].observations, 3u);
}

TEST_F(ProfileWindowTest, CountsDropsWhereTheyFell) {
  timeline_.Invoke("r", 15 * kMs);
  Observe(1, 10 * kMs, 2, DropReason::kRefused);
  Observe(1, 20 * kMs, 2, DropReason::kInconsistent);
  SettleAll();

  ASSERT_EQ(window_.segments().size(), 2u);
  EXPECT_EQ(window_.segments()[0].drops.of(DropReason::kRefused), 1u);
  EXPECT_EQ(window_.segments()[1].drops.of(DropReason::kInconsistent), 1u);
}

TEST_F(ProfileWindowTest, AddsCostToTheSegmentOfItsTime) {
  timeline_.Invoke("r", 15 * kMs);
  window_.AddCost(10 * kMs, {10 * kMs, 1000, 10, 5 * kMs});
  window_.AddCost(20 * kMs, {10 * kMs, 2000, 20, 6 * kMs});
  window_.AddCost(30 * kMs, {10 * kMs, 3000, 30, 7 * kMs});
  SettleAll();

  ASSERT_EQ(window_.segments().size(), 2u);
  EXPECT_EQ(window_.segments()[1].cost.wall_ns, 20 * kMs);
  EXPECT_EQ(window_.segments()[1].cost.self_cpu_ns, 5000);
  EXPECT_EQ(window_.segments()[1].cost.stopped_ns, 50);
  EXPECT_EQ(window_.segments()[1].cost.target_cpu_ns, 13 * kMs);
}

TEST_F(ProfileWindowTest, StartsANewRowAfterClear) {
  Observe(1, 10 * kMs, 2);
  SettleAll();
  window_.Clear();
  Observe(1, 20 * kMs, 2);
  SettleAll();

  ASSERT_EQ(window_.segments().size(), 1u);
  EXPECT_EQ(window_.segments()[0].rows.observations[0], 1u);
}

TEST_F(ProfileWindowTest, AnUnchangedThreadKeepsItsStack) {
  Observe(1, 10 * kMs, 2);
  rung_ = Rung::kUnchanged;
  Observe(1, 20 * kMs, 2);
  Observe(1, 30 * kMs, 2);
  SettleAll();

  const SampleRows& rows = window_.segments()[0].rows;
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows.stack[0], rows.stack[1]);
}

TEST_F(ProfileWindowTest, CountsWhatFindsNoRoomAndGoesOnAfterStartOver) {
  for (uint32_t i = 0; i < 40'000; ++i) Observe(1, i, i + 10);
  EXPECT_TRUE(window_.full());
  window_.Settle(39'990);
  EXPECT_EQ(Accounted(), 39'990u);
  EXPECT_GT(window_.segments()[0].drops.of(DropReason::kWindowFull), 0u);

  window_.Clear();
  window_.StartOver();
  Observe(1, 50'000, 5);
  SettleAll();

  EXPECT_FALSE(window_.full());
  EXPECT_EQ(Accounted(), 11u);
}

TEST_F(ProfileWindowTest, CarriesWaitingStacksOverStartOver) {
  Observe(1, 10, 2);
  Observe(1, 20, 77);
  window_.Settle(11);
  window_.Clear();

  window_.StartOver();
  SettleAll();

  Stack stack;
  window_.stacks().Materialise(window_.segments()[0].rows.stack[0], &stack);
  EXPECT_EQ(stack, (Stack{Function(77), Function(1)}));
  EXPECT_EQ(window_.threads().threads()[window_.segments()[0].rows.thread[0]].tid, 1);
}

TEST_F(ProfileWindowTest, LosesNoObservationWhateverTheSchedule) {
  const auto seed = static_cast<uint32_t>(::testing::UnitTest::GetInstance()->random_seed()) + 17;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  uint64_t given = 0, accounted = 0;
  int64_t now = 0;
  for (int step = 0; step < 20'000; ++step) {
    now += static_cast<int64_t>(random() % 20) * kMs;
    switch (random() % 16) {
      case 0:
        timeline_.Invoke(std::to_string(step), now);
        break;
      case 1:
        timeline_.RuntimeDone(std::to_string(step - static_cast<int>(random() % 30)), now);
        break;
      case 2:
        window_.Settle(now - static_cast<int64_t>(random() % 200) * kMs);
        break;
      case 3:
        accounted += Accounted();
        window_.Clear();
        if (window_.full() || random() % 4 == 0) window_.StartOver();
        break;
      case 4:
        Observe(2, now, 1, DropReason::kUnreadable);
        ++given;
        break;
      case 5:
        if (random() % 8 == 0) window_.ForgetKeys();
        break;
      default:
        Observe(static_cast<int32_t>(random() % 3), now, static_cast<uint32_t>(random() % 50));
        ++given;
    }
  }
  SettleAll();
  accounted += Accounted();

  EXPECT_EQ(accounted, given);
}

}  // namespace
}  // namespace lambent
