// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/ladder.h"

#include <algorithm>
#include <cstdlib>
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
#include "tests/support/program.h"

namespace lambent {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

// A machine under load may take long to start a program; nothing waits for it in vain.
constexpr absl::Duration kLimit = absl::Seconds(40);
constexpr absl::Duration kTick = absl::Milliseconds(5);

// As in AWS Lambda: a filter refuses ptrace.
class RefusingControl final : public os::ThreadControl {
 public:
  os::StopResult Stop(int32_t, os::Registers*) override { return os::StopResult::kRefused; }
  void Resume() override { ADD_FAILURE() << "nothing was stopped"; }
  size_t Settle() override { return 0; }
};

// The sampler may not choose its CPU.
class FixedAffinity final : public os::Affinity {
 public:
  int CurrentCpu() const override { return -1; }
  bool MoveTo(int) override { return false; }
  void Release() override {}
};

// What one observation said, with names, kept beyond the tick.
struct Seen {
  ThreadSample sample;
  Frame leaf;
  std::vector<std::string> names;  // leaf to root
  std::string thread;
};

class LadderTest : public testing::Test {
 protected:
  void Start(const std::vector<std::string>& command) {
    auto program = support::Program::Start(command);
    ASSERT_TRUE(program.ok()) << program.status();
    program_.emplace(*std::move(program));
    ASSERT_TRUE(program_->CollectUntil(
        [&] { return program_->out().find("ready") != std::string::npos; }, absl::Seconds(30)))
        << program_->err();
  }
  void StartNative(const std::string& mode, const std::string& argument = "") {
    Start({LAMBENT_NATIVE_TARGET, mode, argument});
  }
  void StartPython(const std::string& mode) { Start({Python(), LAMBENT_PYTHON_TARGET, mode}); }
  // The interpreter to test with: $LAMBENT_TEST_PYTHON, else the one in PATH.
  static std::string Python() {
    const char* const python = std::getenv("LAMBENT_TEST_PYTHON");
    return python == nullptr ? "python3" : python;
  }

  void Attach(LadderOptions options = {}) {
    auto ladder = Ladder::Attach(program_->pid(), os::RealClock(), options);
    ASSERT_TRUE(ladder.ok()) << ladder.status();
    ladder_ = *std::move(ladder);
  }
  void AttachWith(LadderParts parts) {
    auto ladder = Ladder::Attach(program_->pid(), os::RealClock(), {}, std::move(parts));
    ASSERT_TRUE(ladder.ok()) << ladder.status();
    ladder_ = *std::move(ladder);
  }
  static LadderParts RealParts() {
    return {.proc = os::CreateProcFiles(),
            .control = os::CreateThreadControl(),
            .affinity = os::CreateAffinity(),
            .open_memory = &os::ProbeRemoteMemory,
            .agent_door = os::CreateAgentDoor()};
  }

  std::vector<Seen> Tick() {
    std::vector<Seen> seen;
    alive_ = ladder_->Observe([&](const ThreadSample& sample) {
      Seen one{sample, {}, {}, std::string(ladder_->ThreadName(sample.thread_name))};
      if (sample.stack != nullptr) {
        one.leaf = sample.stack->front();
        for (const Frame& frame : *sample.stack) {
          const FrameDescription description = ladder_->Describe(frame);
          if (description.hidden) continue;
          one.names.emplace_back(frame.kind == FrameKind::kTruncated ? "[truncated]"
                                                                     : description.name);
        }
      }
      ++rungs_[sample.rung];
      drops_.Add(sample.drop, 1);
      seen.push_back(std::move(one));
    });
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
      os::RealClock().SleepUntil(os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kTick));
    }
    return std::nullopt;
  }
  std::optional<Seen> AwaitRung(Rung rung) {
    return Await([rung](const Seen& seen) {
      return seen.sample.rung == rung && seen.sample.stack != nullptr;
    });
  }

  std::optional<Seen> AwaitFunction(const std::string& name, Rung rung) {
    return Await([&](const Seen& seen) {
      return seen.sample.rung == rung &&
             std::find(seen.names.begin(), seen.names.end(), name) != seen.names.end();
    });
  }
  std::optional<Seen> AwaitLeaf(const std::string& name, std::optional<Rung> rung = std::nullopt) {
    return Await([&](const Seen& seen) {
      return (!rung || seen.sample.rung == *rung) && !seen.names.empty() && seen.names[0] == name;
    });
  }

  bool Works(Rung rung) {
    for (const RungProbe& probe : ladder_->rungs()) {
      if (probe.rung == rung) return probe.available;
    }
    return false;
  }

  // What the ladder says of each rung.
  std::string Reasons() {
    std::string reasons;
    for (const RungProbe& probe : ladder_->rungs()) {
      reasons += std::string(RungName(probe.rung)) + ": " + probe.reason + "\n";
    }
    for (const auto& [rung, count] : rungs_) {
      reasons += std::string(RungName(rung)) + " " + std::to_string(count) + "\n";
    }
    for (int reason = 0; reason < kDropReasonCount; ++reason) {
      const auto drop = static_cast<DropReason>(reason);
      reasons += std::string(DropReasonName(drop)) + " " + std::to_string(drops_.of(drop)) + "\n";
    }
    return reasons;
  }

  std::optional<support::Program> program_;
  std::unique_ptr<Ladder> ladder_;
  bool alive_ = true;
  std::map<Rung, int> rungs_;
  DropCounts drops_;
};

// `names` from `function` to the root; empty: it is not there.
std::vector<std::string> FromFunction(const std::string& function,
                                      const std::vector<std::string>& names) {
  return {std::find(names.begin(), names.end(), function), names.end()};
}

// The target's own functions among `names`.
std::vector<std::string> Ours(const std::vector<std::string>& names) {
  std::vector<std::string> ours;
  for (const std::string& name : names) {
    if (name.rfind("Target", 0) == 0 || name == "main") ours.push_back(name);
  }
  return ours;
}

TEST_F(LadderTest, StopsARunningNativeThreadAndFindsItsExactCallers) {
  StartNative("spin");
  Attach();
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  const auto seen = AwaitLeaf("TargetSpinLeaf", Rung::kStop);
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(Ours(seen->names),
              ElementsAre("TargetSpinLeaf", "TargetMiddle", "TargetOuter", "main"));
  EXPECT_EQ(seen->names.back(), "_start");
  EXPECT_EQ(seen->sample.state, ThreadState::kRunning);
  EXPECT_GT(seen->sample.stopped_ns, 0);
  EXPECT_EQ(seen->thread, "native_target");
}

TEST_F(LadderTest, WeighsObservationsByTheTimeBetweenThem) {
  StartNative("spin");
  Attach();
  const std::vector<Seen> first = Tick();
  ASSERT_EQ(first.size(), 1u);
  int64_t wall_ns = 0;
  const auto used_cpu = Await([&](const Seen& seen) {
    wall_ns += seen.sample.wall_ns;
    return seen.sample.cpu_ns > 0;
  });
  ASSERT_TRUE(used_cpu.has_value());
  EXPECT_EQ(wall_ns, used_cpu->sample.time_ns - first[0].sample.time_ns);
}

TEST_F(LadderTest, ReadsABlockedThreadWithoutStoppingIt) {
  StartNative("sleep");
  Attach();
  const auto seen = AwaitFunction("TargetSleepLeaf", Rung::kBlocked);
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(Ours(seen->names),
              ElementsAre("TargetSleepLeaf", "TargetMiddle", "TargetOuter", "main"));
  EXPECT_EQ(seen->names.back(), "_start");
  EXPECT_EQ(seen->sample.state, ThreadState::kBlocked);
  EXPECT_EQ(seen->sample.stopped_ns, 0);
}

TEST_F(LadderTest, ReadsAThreadBlockedInRead) {
  StartNative("read");
  Attach();
  const auto seen = AwaitFunction("TargetReadLeaf", Rung::kBlocked);
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(Ours(seen->names),
              ElementsAre("TargetReadLeaf", "TargetMiddle", "TargetOuter", "main"));
}

TEST_F(LadderTest, ReadsNothingWhileAThreadSleepsOn) {
  StartNative("sleep");
  Attach();
  const auto blocked = AwaitFunction("TargetSleepLeaf", Rung::kBlocked);
  ASSERT_TRUE(blocked.has_value());
  // An attempt to stop it while it still ran may have come too late; letting go then wakes it once.
  AwaitRung(Rung::kUnchanged);
  for (int tick = 0; tick < 5; ++tick) {
    const std::vector<Seen> seen = Tick();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].sample.rung, Rung::kUnchanged);
    EXPECT_EQ(seen[0].names, blocked->names);
    EXPECT_EQ(seen[0].sample.cpu_ns, 0);
    EXPECT_EQ(seen[0].sample.state, ThreadState::kBlocked);
  }
}

TEST_F(LadderTest, SaysThatADeepStackIsCutOff) {
  StartNative("deep");
  Attach();
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  // The copy grows from sample to sample until the depth is the limit.
  const auto seen = Await([](const Seen& s) { return s.names.size() == kMaxStackDepth; });
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->names.front(), "TargetSpinLeaf");
  EXPECT_EQ(seen->names.back(), "[truncated]");
  EXPECT_THAT(seen->names, Contains("TargetRecurse"));
}

TEST_F(LadderTest, SamplesEveryThreadByName) {
  StartNative("threads", "5");
  Attach();
  AwaitRung(Rung::kUnchanged);
  int sleepers = 0;
  for (int tick = 0; tick < 3; ++tick) {
    sleepers = 0;
    for (const Seen& seen : Tick()) {
      if (seen.thread != "sleeper") continue;
      ++sleepers;
      EXPECT_THAT(seen.names, Contains("TargetSleepLeaf"));
    }
  }
  EXPECT_EQ(sleepers, 5);
}

TEST_F(LadderTest, CountsThreadsBeyondItsLimit) {
  StartNative("threads", "5");
  Attach({.max_threads = 2});
  const std::vector<Seen> seen = Tick();
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_EQ(drops_.of(DropReason::kTooManyThreads), 4u);
}

TEST_F(LadderTest, FollowsThreadsThatComeAndGo) {
  StartNative("churn");
  Attach();
  int samples = 0;
  for (int tick = 0; tick < 100; ++tick) {
    for (const Seen& seen : Tick()) {
      if (seen.sample.stack == nullptr) continue;
      ++samples;
      EXPECT_FALSE(seen.names.empty());
    }
  }
  EXPECT_TRUE(alive_);
  EXPECT_GT(samples, 50);
}

TEST_F(LadderTest, ReportsTheEndOfAProcessKilledMidWay) {
  StartNative("spin");
  Attach();
  Tick();
  ASSERT_TRUE(alive_);
  program_->Stop(os::GroupSignal::kKill);
  const auto gone =
      Await([](const Seen& seen) { return seen.sample.drop == DropReason::kTargetGone; });
  EXPECT_TRUE(gone.has_value());
  Tick();
  EXPECT_FALSE(alive_);
}

TEST_F(LadderTest, ReportsTheEndOfAProcessNobodyHasWaitedFor) {
  StartNative("sleep");
  Attach();
  AwaitRung(Rung::kUnchanged);
  program_->Signal(os::GroupSignal::kKill);  // stays a zombie until Stop
  Await([](const Seen&) { return false; });  // until it has ended
  EXPECT_FALSE(alive_);
}

TEST_F(LadderTest, FindsNoProcess) {
  auto ladder = Ladder::Attach(INT32_MAX, os::RealClock(), {});
  EXPECT_EQ(ladder.status().code(), absl::StatusCode::kNotFound);
}

TEST_F(LadderTest, FollowsExecIntoAnotherProgram) {
  // The shell waits for a line, then becomes the target.
  Start({"/bin/sh", "-c",
         "echo ready; sleep 0.2; exec " + std::string(LAMBENT_NATIVE_TARGET) + " sleep"});
  Attach();
  const auto seen = Await([](const Seen& s) {
    return std::find(s.names.begin(), s.names.end(), "TargetSleepLeaf") != s.names.end();
  });
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(Ours(seen->names),
              ElementsAre("TargetSleepLeaf", "TargetMiddle", "TargetOuter", "main"));
}

TEST_F(LadderTest, LeavesAStoppedProcessAlone) {
  StartNative("spin");
  Attach();
  ASSERT_TRUE(AwaitLeaf("TargetSpinLeaf").has_value());
  program_->Signal(os::GroupSignal::kStop);
  const auto seen = AwaitRung(Rung::kUnchanged);
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(seen->names, Contains("TargetSpinLeaf"));
  rungs_.clear();
  for (int tick = 0; tick < 5; ++tick) Tick();
  EXPECT_EQ(rungs_[Rung::kStop], 0);
  EXPECT_EQ(rungs_[Rung::kUnchanged], 5);
  program_->Signal(os::GroupSignal::kContinue);
  EXPECT_TRUE(Await([](const Seen& s) { return s.sample.rung != Rung::kUnchanged; }).has_value());
}

TEST_F(LadderTest, CountsRunningNativeThreadsWherePtraceIsRefused) {
  StartNative("spin");
  LadderParts parts = RealParts();
  parts.control = std::make_unique<RefusingControl>();
  AttachWith(std::move(parts));
  EXPECT_FALSE(Works(Rung::kStop));
  const auto refused =
      Await([](const Seen& seen) { return seen.sample.drop == DropReason::kRefused; });
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->sample.stack, nullptr);
}

TEST_F(LadderTest, ReadsBlockedNativeThreadsWherePtraceIsRefused) {
  StartNative("sleep");
  LadderParts parts = RealParts();
  parts.control = std::make_unique<RefusingControl>();
  AttachWith(std::move(parts));
  EXPECT_TRUE(AwaitFunction("TargetSleepLeaf", Rung::kBlocked).has_value());
}

TEST_F(LadderTest, CountsEverythingWhereNothingMayBeReadAndSaysWhy) {
  StartNative("spin");
  LadderParts parts = RealParts();
  parts.open_memory = [](int32_t, uint64_t) {
    os::RemoteMemoryProbe probe;
    probe.vm_read = "Operation not permitted";
    probe.proc_mem = "Permission denied";
    return probe;
  };
  AttachWith(std::move(parts));
  for (int tick = 0; tick < 3; ++tick) {
    for (const Seen& seen : Tick()) EXPECT_EQ(seen.sample.drop, DropReason::kRefused);
  }
  EXPECT_EQ(drops_.of(DropReason::kRefused), 3u);
  EXPECT_FALSE(Works(Rung::kBlocked));
  EXPECT_FALSE(Works(Rung::kStop));
  EXPECT_TRUE(Works(Rung::kMetricsOnly));
  EXPECT_THAT(Reasons(), testing::HasSubstr("Operation not permitted"));
}

class LadderPythonTest : public LadderTest {};

TEST_F(LadderPythonTest, ReadsARunningInterpreterWherePtraceIsRefused) {
  StartPython("spin");
  LadderParts parts = RealParts();
  parts.control = std::make_unique<RefusingControl>();
  AttachWith(std::move(parts));
  EXPECT_TRUE(AwaitLeaf("spin_leaf", Rung::kConsistentRead).has_value());
}

TEST_F(LadderPythonTest, ComparesCopiesWhereItMayNotChooseItsCpu) {
  StartPython("spin");
  LadderParts parts = RealParts();
  parts.affinity = std::make_unique<FixedAffinity>();
  AttachWith(std::move(parts));
  EXPECT_TRUE(AwaitLeaf("spin_leaf", Rung::kConsistentRead).has_value());
}

// Calls a -> leaf_a and b -> leaf_b in turns, as fast as it can: a reader that mixes two moments
// shows a leaf under the other caller.
TEST_F(LadderPythonTest, ShowsNoStackThatNeverWas) {
  StartPython("flutter");
  Attach();
  ASSERT_TRUE(AwaitLeaf("leaf_a").has_value());
  int leaves = 0;
  for (int tick = 0; tick < 2000; ++tick) {
    for (const Seen& seen : Tick()) {
      if (seen.names.empty() || seen.names[0].rfind("leaf_", 0) != 0) continue;
      ++leaves;
      ASSERT_GE(seen.names.size(), 2u);
      EXPECT_EQ(seen.names[0].substr(5), seen.names[1].substr(5)) << seen.names[1];
    }
  }
  EXPECT_GT(leaves, 100);
}

TEST_F(LadderPythonTest, ReadsARunningInterpreterWithoutStoppingIt) {
  StartPython("spin");
  Attach();
  const auto seen = AwaitLeaf("spin_leaf", Rung::kConsistentRead);
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(seen->names, ElementsAre("spin_leaf", "spin_middle", "main", "<module>"));
  EXPECT_EQ(seen->sample.stopped_ns, 0);
  EXPECT_EQ(seen->sample.state, ThreadState::kRunning);
  const Frame& leaf = seen->leaf;
  EXPECT_EQ(leaf.kind, FrameKind::kPython);
  EXPECT_THAT(std::string(ladder_->Describe(leaf).file), testing::EndsWith("python_target.py"));
  EXPECT_GT(ladder_->Describe(leaf).line, 0u);
}

TEST_F(LadderPythonTest, ReadsABlockedInterpreterThenFindsItUnchanged) {
  StartPython("sleep");
  Attach();
  const auto blocked = AwaitFunction("sleep_leaf", Rung::kBlocked);
  ASSERT_TRUE(blocked.has_value());
  EXPECT_THAT(FromFunction("sleep_leaf", blocked->names),
              ElementsAre("sleep_leaf", "sleep_middle", "main", "<module>"));
  // The C function it sleeps in; before 3.11 that was select.
  EXPECT_THAT(blocked->names[0],
              AnyOf(testing::HasSubstr("nanosleep"), testing::HasSubstr("select")));
  const auto unchanged = AwaitRung(Rung::kUnchanged);
  ASSERT_TRUE(unchanged.has_value());
  EXPECT_EQ(unchanged->names, blocked->names);
}

TEST_F(LadderPythonTest, FollowsTheThreadsOfAnInterpreter) {
  StartPython("threads");
  Attach();
  EXPECT_TRUE(Await([](const Seen& s) { return s.names.size() > 1 && s.names[0] == "spin_leaf"; }));
  EXPECT_TRUE(Await([&](const Seen& s) {
    return s.sample.tid != ladder_->pid() && !FromFunction("sleep_leaf", s.names).empty();
  }));
}

TEST_F(LadderPythonTest, PutsCFunctionsInTheirPlaceBetweenPythonFrames) {
  Start({"/usr/bin/env", "LAMBENT_CALLBACK_LIBRARY=" LAMBENT_CALLBACK_LIBRARY, Python(),
         LAMBENT_PYTHON_TARGET, "callback"});
  Attach();
  const auto seen = AwaitFunction("sleep_leaf", Rung::kBlocked);
  ASSERT_TRUE(seen.has_value());
  std::vector<std::string> known;  // ctypes and libffi have functions of their own between these
  for (const std::string& name : FromFunction("sleep_leaf", seen->names)) {
    if (name.rfind("sleep_", 0) == 0 || name.rfind("Target", 0) == 0 || name == "callback" ||
        name == "main" || name == "<module>") {
      known.push_back(name);
    }
  }
  EXPECT_THAT(known, ElementsAre("sleep_leaf", "sleep_middle", "TargetCallBack", "TargetCallIn",
                                 "callback", "main", "<module>"))
      << testing::PrintToString(seen->names);
}

TEST_F(LadderPythonTest, TellsFramesApartByTheirLinesWhereThatIsWanted) {
  StartPython("spin");
  Attach({.lines = true});
  const auto seen = AwaitLeaf("spin_leaf", Rung::kConsistentRead);
  ASSERT_TRUE(seen.has_value());
  const FrameDescription leaf = ladder_->Describe(seen->leaf);
  EXPECT_THAT(leaf.current_line, AnyOf(leaf.line + 1, leaf.line + 2));  // while True: pass
  EXPECT_GT(leaf.line, 0u);
  Attach();
  const auto plain = AwaitLeaf("spin_leaf", Rung::kConsistentRead);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(ladder_->Describe(plain->leaf).current_line, 0u);
}

TEST_F(LadderPythonTest, LeavesNativeFramesOutWhereTheyAreNotWanted) {
  StartPython("sleep");
  Attach({.native = NativeFrames::kNever});
  const auto seen = AwaitRung(Rung::kBlocked);
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(seen->names, ElementsAre("sleep_leaf", "sleep_middle", "main", "<module>"));
}

TEST_F(LadderPythonTest, StopsARunningThreadForTheCFunctionItIsIn) {
  StartPython("compress");
  Attach({.native = NativeFrames::kAlways});
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  const auto seen = Await([](const Seen& s) {
    return s.sample.rung == Rung::kStop && s.leaf.kind == FrameKind::kNative &&
           !FromFunction("compress_leaf", s.names).empty();
  });
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_THAT(FromFunction("compress_leaf", seen->names),
              ElementsAre("compress_leaf", "main", "<module>"));
}

TEST_F(LadderPythonTest, FindsAnInterpreterThatStartsLater) {
  Start({"/bin/sh", "-c",
         "echo ready; sleep 0.2; exec python3 " + std::string(LAMBENT_PYTHON_TARGET) + " spin"});
  Attach();
  const auto seen =
      Await([](const Seen& s) { return !s.names.empty() && s.names[0] == "spin_leaf"; });
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_THAT(seen->names, ElementsAre("spin_leaf", "spin_middle", "main", "<module>"));
}

}  // namespace
}  // namespace lambent
