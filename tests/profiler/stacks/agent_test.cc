// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Rung 3 on real programs with the real agent, where ptrace is refused.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/clock.h"
#include "profiler/stacks/ladder.h"
#include "tests/support/program.h"

namespace lambent {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kLimit = absl::Seconds(40);
constexpr absl::Duration kTick = absl::Milliseconds(10);

// As in AWS Lambda: a filter refuses ptrace.
class RefusingControl final : public os::ThreadControl {
 public:
  os::StopResult Stop(int32_t, os::Registers*) override { return os::StopResult::kRefused; }
  void Resume() override { ADD_FAILURE() << "nothing was stopped"; }
  size_t Settle() override { return 0; }
};

// What one observation said, kept beyond the tick.
struct Seen {
  ThreadSample sample;
  std::vector<std::string> names;  // leaf to root
  std::string thread;
};

class AgentTest : public testing::Test {
 protected:
  void Start(const std::vector<std::string>& command, support::Variables variables = {}) {
    variables.emplace("LD_PRELOAD", LAMBENT_BINARY_DIR "/liblambent-agent.so");
    auto program = support::Program::Start(command, variables);
    ASSERT_TRUE(program.ok()) << program.status();
    program_.emplace(*std::move(program));
    ASSERT_TRUE(program_->CollectUntil(
        [&] { return program_->out().find("ready") != std::string::npos; }, absl::Seconds(30)))
        << program_->err();
  }
  void StartNative(const std::string& mode, const std::string& argument = "") {
    Start({LAMBENT_NATIVE_TARGET, mode, argument});
  }

  void Attach() {
    auto ladder = Ladder::Attach(program_->pid(), os::RealClock(), {},
                                 {.proc = os::CreateProcFiles(),
                                  .control = std::make_unique<RefusingControl>(),
                                  .affinity = os::CreateAffinity(),
                                  .open_memory = &os::ProbeRemoteMemory,
                                  .agent_door = os::CreateAgentDoor()});
    ASSERT_TRUE(ladder.ok()) << ladder.status();
    ladder_ = *std::move(ladder);
  }

  std::vector<Seen> Tick() {
    std::vector<Seen> seen;
    alive_ = ladder_->Observe([&](const ThreadSample& sample) {
      Seen one{sample, {}, std::string(ladder_->ThreadName(sample.thread_name))};
      if (sample.stack != nullptr) {
        for (const Frame& frame : *sample.stack) {
          one.names.emplace_back(
              frame.kind == FrameKind::kTruncated ? "[truncated]" : ladder_->Describe(frame).name);
        }
        ++rungs_[sample.rung];
      }
      drops_.Add(sample.drop, 1);
      wall_ns_ += sample.wall_ns;
      seen.push_back(std::move(one));
    });
    os::RealClock().SleepUntil(os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kTick));
    return seen;
  }

  // Ticks until an observation satisfies `wanted`; what it was, or none within kLimit.
  std::optional<Seen> Await(const std::function<bool(const Seen&)>& wanted) {
    const int64_t end = os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kLimit);
    while (os::RealClock().MonotonicNs() < end) {
      for (Seen& seen : Tick()) {
        if (wanted(seen)) return std::move(seen);
      }
      if (!alive_) return std::nullopt;
    }
    return std::nullopt;
  }
  std::optional<Seen> AwaitFunction(const std::string& name, Rung rung = Rung::kAgent) {
    return Await([&](const Seen& seen) {
      return seen.sample.rung == rung &&
             std::find(seen.names.begin(), seen.names.end(), name) != seen.names.end();
    });
  }

  RungProbe Probe() {
    for (const RungProbe& probe : ladder_->rungs()) {
      if (probe.rung == Rung::kAgent) return probe;
    }
    return {};
  }

  std::optional<support::Program> program_;
  std::unique_ptr<Ladder> ladder_;
  bool alive_ = true;
  std::map<Rung, int> rungs_;
  DropCounts drops_;
  int64_t wall_ns_ = 0;
};

// The target's own functions among `names`.
std::vector<std::string> Ours(const std::vector<std::string>& names) {
  std::vector<std::string> ours;
  for (const std::string& name : names) {
    if (name.rfind("Target", 0) == 0 || name == "main") ours.push_back(name);
  }
  return ours;
}

TEST_F(AgentTest, ShowsARunningNativeThreadsExactCallers) {
  StartNative("spin");
  Attach();
  ASSERT_TRUE(Probe().available) << Probe().reason;
  const auto seen = AwaitFunction("TargetSpinLeaf");
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(Ours(seen->names),
              ElementsAre("TargetSpinLeaf", "TargetMiddle", "TargetOuter", "main"));
  EXPECT_EQ(seen->names.back(), "_start");
  EXPECT_EQ(seen->sample.state, ThreadState::kRunning);
  EXPECT_EQ(seen->sample.stopped_ns, 0);
}

}  // namespace
}  // namespace lambent
