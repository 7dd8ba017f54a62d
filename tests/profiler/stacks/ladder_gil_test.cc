// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Who holds Python's global lock, and who waits for it, on every Python of this machine.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/profiler/interpreters/snake.h"
#include "tests/profiler/stacks/ladder_fixture.h"
#include "tests/support/emulation.h"

namespace lambent {
namespace {

class LadderGilTest : public LadderTest, public testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    LAMBENT_SKIP_IF_EMULATED();
    interpreters_ = cpython::FindInterpreters(GetParam());
    if (interpreters_.empty()) GTEST_SKIP() << "no python3." << GetParam() << " on this machine";
  }
  static bool Waits(const Seen& seen) { return seen.leaf.kind == FrameKind::kInterpreterLock; }

  std::vector<std::string> interpreters_;
};

INSTANTIATE_TEST_SUITE_P(Versions, LadderGilTest,
                         testing::Range(cpython::kOldestMinor, cpython::kNewestMinor + 1),
                         [](const auto& version) {
                           return "Python3" + std::to_string(version.param);
                         });

// Two threads that compute all the time: each waits about half of it.
TEST_P(LadderGilTest, ThreadsOfOneInterpreterWaitInTurns) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Start({interpreter, LAMBENT_PYTHON_TARGET, "rivals"});
    Attach();
    struct Sums {
      int64_t wall_ns = 0;
      int64_t waits_ns = 0;
      int64_t holds_ns = 0;
    };
    std::map<int32_t, Sums> threads;
    Await([&](const Seen& seen) {
      if (FromFunction("spin_leaf", seen.names).empty()) return false;
      Sums& sums = threads[seen.sample.tid];
      sums.wall_ns += seen.sample.wall_ns;
      if (Waits(seen)) {
        EXPECT_EQ(seen.names.front(), "waiting for the GIL");
        EXPECT_EQ(seen.sample.state, ThreadState::kBlocked);
        sums.waits_ns += seen.sample.wall_ns;
      }
      if (HoldsLock(seen.sample.state)) sums.holds_ns += seen.sample.wall_ns;
      return threads.size() == 2 && threads.begin()->second.wall_ns > 1'000'000'000 &&
             threads.rbegin()->second.wall_ns > 1'000'000'000;
    });
    ASSERT_EQ(threads.size(), 2u) << Reasons();
    for (const auto& [tid, sums] : threads) {
      EXPECT_GT(sums.waits_ns, sums.wall_ns / 8) << Reasons();
      EXPECT_LT(sums.waits_ns, sums.wall_ns * 7 / 8);
      EXPECT_GT(sums.holds_ns, sums.wall_ns / 8);
      EXPECT_LE(sums.holds_ns, sums.wall_ns - sums.waits_ns);
    }
  }
}

TEST_P(LadderGilTest, SleepingWithTheLockKeepsOthersWaiting) {
  for (const std::string& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter);
    Start({interpreter, LAMBENT_PYTHON_TARGET, "hog"});
    Attach();
    const auto hog = Await([this](const Seen& seen) {
      return seen.sample.tid == ladder_->pid() && seen.leaf.kind == FrameKind::kSystemCall &&
             !FromFunction("hog", seen.names).empty();
    });
    ASSERT_TRUE(hog.has_value()) << Reasons();
    EXPECT_EQ(hog->sample.state, ThreadState::kBlockedWithLock);
    EXPECT_THAT(hog->names.front(), ::testing::AnyOf("clock_nanosleep", "restart_syscall"));
    const auto other = Await(
        [this](const Seen& seen) { return seen.sample.tid != ladder_->pid() && Waits(seen); });
    ASSERT_TRUE(other.has_value()) << Reasons();
    EXPECT_FALSE(FromFunction("spin_leaf", other->names).empty());
    EXPECT_EQ(other->sample.state, ThreadState::kBlocked);
  }
}

}  // namespace
}  // namespace lambent
