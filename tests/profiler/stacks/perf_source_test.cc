// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Rung 5 through the ladder, on a real process.
#include "profiler/stacks/perf_source.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "profiler/os/clock.h"
#include "profiler/stacks/ladder.h"
#include "tests/fakes/fake_thread_control.h"
#include "tests/support/program.h"

namespace lambent {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(30);

class PerfSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto program = support::Program::Start({LAMBENT_NATIVE_TARGET, "spin"});
    ASSERT_TRUE(program.ok()) << program.status();
    program_.emplace(*std::move(program));
    ASSERT_TRUE(program_->CollectUntil([&] { return !program_->out().empty(); }, kLimit));
    const auto tried = os::CreatePerfEvents()->Open(program_->pid(), 10'000'000, 4096);
    if (!tried.ok()) GTEST_SKIP() << "no perf events here: " << tried.status();
  }

  // A machine on which ptrace is refused.
  static LadderParts WithoutStop() {
    auto control = std::make_unique<fakes::FakeThreadControl>();
    control->result = os::StopResult::kRefused;
    return {.proc = os::CreateProcFiles(),
            .control = std::move(control),
            .affinity = os::CreateAffinity(),
            .open_memory = &os::ProbeRemoteMemory,
            .agent_door = os::CreateAgentDoor(),
            .perf = os::CreatePerfEvents()};
  }

  // Names of the first stack taken by the rung, leaf first; none within kLimit.
  std::vector<std::string> AwaitStack(Ladder& ladder, Rung rung) {
    std::vector<std::string> names;
    const int64_t end = os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kLimit);
    while (names.empty() && os::RealClock().MonotonicNs() < end) {
      ladder.Observe([&](const ThreadSample& sample) {
        wall_ns_ += sample.wall_ns;
        if (sample.stack == nullptr || sample.rung != rung || !names.empty()) return;
        for (const Frame& frame : *sample.stack) names.emplace_back(ladder.Describe(frame).name);
      });
      os::RealClock().SleepUntil(os::RealClock().MonotonicNs() + 10'000'000);
    }
    return names;
  }

  static std::optional<RungProbe> PerfOf(const Ladder& ladder) {
    for (RungProbe& probe : ladder.rungs()) {
      if (probe.rung == Rung::kPerf) return std::move(probe);
    }
    return std::nullopt;
  }

  std::optional<support::Program> program_;
  int64_t wall_ns_ = 0;
};

TEST_F(PerfSourceTest, RunningNativeThreadsAreSampledWhereNothingMayBeStopped) {
  auto ladder = Ladder::Attach(program_->pid(), os::RealClock(), {}, WithoutStop());
  ASSERT_TRUE(ladder.ok()) << ladder.status();
  ASSERT_TRUE(PerfOf(**ladder).has_value());
  EXPECT_TRUE(PerfOf(**ladder)->available) << PerfOf(**ladder)->reason;

  const std::vector<std::string> names = AwaitStack(**ladder, Rung::kPerf);

  ASSERT_GE(names.size(), 4u);
  EXPECT_EQ(names[0], "TargetSpinLeaf");
  EXPECT_EQ(names[1], "TargetMiddle");
  EXPECT_EQ(names[2], "TargetOuter");
  EXPECT_EQ(names[3], "main");
}

TEST_F(PerfSourceTest, ItMayBeAskedForAlone) {
  auto ladder = Ladder::Attach(program_->pid(), os::RealClock(), {.only = Rung::kPerf});
  ASSERT_TRUE(ladder.ok()) << ladder.status();
  for (const RungProbe& probe : (*ladder)->rungs()) {
    if (probe.rung != Rung::kStop) continue;
    EXPECT_FALSE(probe.available);
  }
  EXPECT_FALSE(AwaitStack(**ladder, Rung::kPerf).empty());
}

TEST_F(PerfSourceTest, WithoutPerfEventsTheReasonIsSaid) {
  LadderParts parts = WithoutStop();
  parts.perf = nullptr;
  auto ladder = Ladder::Attach(program_->pid(), os::RealClock(), {}, std::move(parts));
  ASSERT_TRUE(ladder.ok()) << ladder.status();
  ASSERT_TRUE(PerfOf(**ladder).has_value());
  EXPECT_FALSE(PerfOf(**ladder)->available);
  EXPECT_EQ(PerfOf(**ladder)->reason, "not tried");
}

}  // namespace
}  // namespace lambent
