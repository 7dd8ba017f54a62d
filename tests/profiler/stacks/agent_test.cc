// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Rung 3 on real programs with the real agent, where ptrace is refused.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/base/agent_memory.h"
#include "profiler/os/clock.h"
#include "profiler/stacks/ladder.h"
#include "tests/fakes/forwarding_thread_control.h"
#include "tests/support/emulation.h"
#include "tests/support/program.h"

namespace lambent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kLimit = absl::Seconds(40);
constexpr absl::Duration kTick = absl::Milliseconds(10);

// What one observation said, kept beyond the tick.
struct Seen {
  ThreadSample sample;
  std::vector<std::string> names;  // leaf to root
  std::string thread;
};

class AgentTest : public testing::Test {
 protected:
  void SetUp() override { LAMBENT_SKIP_IF_EMULATED(); }
  void Start(const std::vector<std::string>& command, support::Variables variables = {}) {
    variables.emplace("LD_PRELOAD", LAMBENT_BINARY_DIR "/liblambent-agent.so");
    auto program = support::Program::Start(command, variables);
    ASSERT_TRUE(program.ok()) << program.status();
    program_.emplace(*std::move(program));
    ASSERT_TRUE(program_->CollectUntil(
        [&] { return program_->out().find("ready") != std::string::npos; }, absl::Seconds(30)))
        << program_->err();
  }
  void StartTarget(const std::string& mode, const std::string& argument = "") {
    Start({LAMBENT_AGENT_TARGET, mode, argument});
  }
  // The number the program said last after `word`, 0: none.
  int64_t Said(const std::string& word) {
    program_->CollectUntil([] { return false; }, absl::ZeroDuration());
    const size_t at = program_->out().rfind(word + " ");
    return at == std::string::npos ? 0 : std::atoll(&program_->out()[at + word.size() + 1]);
  }

  void Attach() { AttachTo(program_->pid()); }
  void AttachTo(int32_t pid) {
    auto ladder = Ladder::Attach(pid, os::RealClock(), {},
                                 {.proc = os::CreateProcFiles(),
                                  .control = std::make_unique<fakes::RefusingThreadControl>(),
                                  .affinity = os::CreateAffinity(),
                                  .open_memory = &os::ProbeRemoteMemory,
                                  .agent_door = os::CreateAgentDoor()});
    ASSERT_TRUE(ladder.ok()) << ladder.status();
    ladder_ = *std::move(ladder);
  }

  std::vector<Seen> Tick() {
    std::vector<Seen> seen;
    ++ticks_;
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
  static bool Holds(const Seen& seen, const std::string& name) {
    return std::find(seen.names.begin(), seen.names.end(), name) != seen.names.end();
  }
  std::optional<Seen> AwaitFunction(const std::string& name, Rung rung = Rung::kAgent) {
    return Await([&](const Seen& seen) { return seen.sample.rung == rung && Holds(seen, name); });
  }
  // Ticks until the agent has given `samples`.
  bool AwaitSamples(int samples) {
    return Await([&](const Seen&) { return rungs_[Rung::kAgent] >= samples; }).has_value();
  }
  // Ticks until the program has said `word` with at least `number`.
  bool AwaitWord(const std::string& word, int64_t number = 0) {
    const int64_t end = os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kLimit);
    while (os::RealClock().MonotonicNs() < end && alive_) {
      Tick();
      if (program_->out().find(word + " ") != std::string::npos && Said(word) >= number)
        return true;
      Said(word);
    }
    return false;
  }

  // Ticks until the program has said `word` so many times more.
  bool AwaitMore(const std::string& word, size_t times) {
    const auto said = [&] {
      size_t count = 0;
      const std::string& out = program_->out();
      for (size_t at = 0; (at = out.find(word + " ", at)) != std::string::npos; ++at) ++count;
      return count;
    };
    Said(word);
    const size_t wanted = said() + times;
    return Await([&](const Seen&) { return Said(word) >= 0 && said() >= wanted; }).has_value();
  }

  RungProbe Probe() {
    for (const RungProbe& probe : ladder_->rungs()) {
      if (probe.rung == Rung::kAgent) return probe;
    }
    return {};
  }

  // What came of it so far, for messages.
  std::string Story() const {
    std::string story;
    for (const auto& [rung, count] : rungs_) {
      story += std::string(RungName(rung)) + " " + std::to_string(count) + "\n";
    }
    for (int reason = 0; reason < kDropReasonCount; ++reason) {
      const auto drop = static_cast<DropReason>(reason);
      story += std::string(DropReasonName(drop)) + " " + std::to_string(drops_.of(drop)) + "\n";
    }
    return story + std::to_string(ticks_) + " ticks";
  }

  std::optional<support::Program> program_;
  std::unique_ptr<Ladder> ladder_;
  int ticks_ = 0;
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
  StartTarget("spin");
  Attach();
  ASSERT_TRUE(Probe().available) << Probe().reason;
  const auto seen = AwaitFunction("TargetSpinLeaf");
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(Ours(seen->names), ElementsAre("TargetSpinLeaf", "TargetSpin", "main"));
  EXPECT_EQ(seen->names.back(), "_start");
  EXPECT_EQ(seen->sample.state, ThreadState::kRunning);
  EXPECT_EQ(seen->sample.stopped_ns, 0);
}

TEST_F(AgentTest, SharesAreThoseOfTheWork) {
  StartTarget("shares");
  Attach();
  int64_t large_ns = 0;
  int64_t all_ns = 0;
  ASSERT_TRUE(Await([&](const Seen& seen) {
                if (seen.sample.rung != Rung::kAgent || seen.names.empty()) return false;
                if (Holds(seen, "TargetThreeParts")) large_ns += seen.sample.cpu_ns;
                all_ns += seen.sample.cpu_ns;
                return rungs_[Rung::kAgent] >= 150;
              }).has_value())
      << Story();
  EXPECT_NEAR(static_cast<double>(large_ns) / static_cast<double>(all_ns), 0.75, 0.15);
}

// What passed while no copy had come yet is in the next observation: no time is lost, none counted
// twice.
TEST_F(AgentTest, WeightsAddUpToTheTimeThatPassed) {
  StartTarget("spin");
  Attach();
  std::optional<int64_t> first_ns;
  int64_t last_ns = 0;
  int64_t sum_ns = 0;
  ASSERT_TRUE(Await([&](const Seen& seen) {
                if (first_ns.has_value()) sum_ns += seen.sample.wall_ns;
                if (!first_ns.has_value()) first_ns = seen.sample.time_ns;
                last_ns = seen.sample.time_ns;
                return rungs_[Rung::kAgent] >= 30;
              }).has_value());
  EXPECT_EQ(sum_ns, last_ns - *first_ns);
}

TEST_F(AgentTest, FindsThreadsWhoseCreatorSleeps) {
  StartTarget("threads", "5");
  Attach();
  std::set<int32_t> seen_tids;
  EXPECT_TRUE(Await([&](const Seen& seen) {
                if (Holds(seen, "TargetWorker") && seen.sample.rung == Rung::kAgent) {
                  seen_tids.insert(seen.sample.tid);
                }
                return seen_tids.size() == 5;
              }).has_value())
      << seen_tids.size();
}

// More threads than the agent has places for, each for some milliseconds.
TEST_F(AgentTest, SurvivesThreadsThatComeAndGo) {
  StartTarget("churn");
  Attach();
  ASSERT_TRUE(AwaitWord("wave", kAgentThreads / 16 + 8)) << program_->out();
  EXPECT_TRUE(alive_);
  EXPECT_TRUE(Await([](const Seen& seen) { return seen.sample.rung == Rung::kAgent; }).has_value());
}

TEST_F(AgentTest, ForkLeavesTheParentItsAgentAndGivesTheChildNone) {
  StartTarget("fork");
  Attach();
  ASSERT_TRUE(AwaitSamples(5));
  const auto child = static_cast<int32_t>(Said("child"));
  ASSERT_GT(child, 0);
  ladder_.reset();
  AttachTo(child);
  EXPECT_FALSE(Probe().available);
  EXPECT_THAT(Probe().reason, HasSubstr("the agent's memory is that of process"));
  for (const Seen& seen : Tick()) EXPECT_EQ(seen.sample.stack, nullptr);
}

TEST_F(AgentTest, FollowsExecIntoTheSameProgramAnew) {
  StartTarget("exec");
  Attach();
  EXPECT_TRUE(AwaitFunction("TargetSpinLeaf").has_value()) << Probe().reason;
}

TEST_F(AgentTest, LeavesAnotherProfilersSignalAlone) {
  StartTarget("sigprof");
  Attach();
  EXPECT_TRUE(AwaitFunction("TargetThreeParts").has_value());
  EXPECT_TRUE(AwaitWord("sigprof", 100)) << program_->out();
}

// The program's handler gets what was on its way, a signal or two for each thread, and no more.
TEST_F(AgentTest, YieldsToTheProgramsOwnHandler) {
  StartTarget("sigurg");
  Attach();
  ASSERT_TRUE(AwaitFunction("main").has_value());
  ASSERT_TRUE(AwaitWord("taken"));
  EXPECT_TRUE(Await([&](const Seen&) { return !Probe().available; }).has_value());
  EXPECT_THAT(Probe().reason, HasSubstr("does not answer"));
  // The first count after that was perhaps begun before it.
  ASSERT_TRUE(AwaitMore("sigurg", 2));
  EXPECT_LE(Said("sigurg"), 16);
  const int64_t before = Said("sigurg");
  ASSERT_TRUE(AwaitMore("sigurg", 2));
  EXPECT_EQ(Said("sigurg"), before);
}

TEST_F(AgentTest, AProgramThatResetsItsHandlersLivesOn) {
  StartTarget("reset");
  Attach();
  EXPECT_TRUE(AwaitWord("reset"));
  for (int tick = 0; tick < 100; ++tick) Tick();
  EXPECT_TRUE(alive_);
  EXPECT_TRUE(program_->CollectUntil([] { return false; }, absl::ZeroDuration()) || alive_);
}

TEST_F(AgentTest, RespectsABlockedSignal) {
  StartTarget("masked");
  Attach();
  EXPECT_TRUE(Await([&](const Seen&) { return !Probe().available; }).has_value());
  EXPECT_THAT(Probe().reason, HasSubstr("its signal is blocked"));
  EXPECT_EQ(rungs_[Rung::kAgent], 0);
  EXPECT_GT(drops_.of(DropReason::kInconsistent), 0u);
}

TEST_F(AgentTest, ReadsTheStackOfACoroutine) {
  StartTarget("coroutine");
  Attach();
  const auto seen = AwaitFunction("TargetCoroutine");
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(Ours(seen->names), ElementsAre("TargetSpinLeaf", "TargetSpin", "TargetCoroutine"));
}

TEST_F(AgentTest, ReadsASignalHandlersStackThroughToTheInterruptedCode) {
  StartTarget("alternate");
  Attach();
  const auto seen = AwaitFunction("TargetOnAlternateStack");
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(Ours(seen->names),
              ElementsAre("TargetSpinLeaf", "TargetSpin", "TargetOnAlternateStack"));
}

TEST_F(AgentTest, ErrnoIsTheProgramsOwn) {
  StartTarget("errno");
  Attach();
  EXPECT_TRUE(AwaitSamples(30));
  EXPECT_TRUE(alive_) << program_->out();
}

TEST_F(AgentTest, NeverInterruptsABlockedCall) {
  StartTarget("sleeper");
  Attach();
  EXPECT_TRUE(AwaitSamples(50));
  EXPECT_TRUE(AwaitWord("slept"));
  EXPECT_THAT(program_->out(), Not(HasSubstr("interrupted")));
}

// setuid reaches every thread by a signal of the C library's; the kernel then takes the process for
// one that may not be looked at by its own user.
TEST_F(AgentTest, AProgramThatBecomesAnotherUserIsSampledOn) {
  const uid_t user = getuid() == 0 ? 65534 : getuid();
  StartTarget("setuid", std::to_string(user));
  Attach();
  ASSERT_TRUE(AwaitSamples(5)) << Story();
  ASSERT_TRUE(AwaitWord("threads")) << program_->out();
  EXPECT_EQ(Said("setuid"), static_cast<int64_t>(user));
  EXPECT_EQ(Said("threads"), 3);
  std::set<int32_t> seen_tids;
  EXPECT_TRUE(Await([&](const Seen& seen) {
                if (Holds(seen, "TargetWorker") && seen.sample.rung == Rung::kAgent) {
                  seen_tids.insert(seen.sample.tid);
                }
                return seen_tids.size() >= 3;
              }).has_value())
      << Story();
  EXPECT_TRUE(AwaitMore("slept", 3)) << program_->out();
  EXPECT_THAT(program_->out(), Not(HasSubstr("interrupted")));
  // One that comes only now finds the agent too.
  ladder_.reset();
  Attach();
  EXPECT_TRUE(AwaitFunction("TargetSpinLeaf").has_value()) << Probe().reason;
  EXPECT_TRUE(alive_);
}

TEST_F(AgentTest, SharesAFileWhereMemfdsAreRefused) {
  Start({LAMBENT_AGENT_TARGET, "refuse", std::to_string(SYS_memfd_create), LAMBENT_AGENT_TARGET,
         "spin"});
  Attach();
  EXPECT_TRUE(AwaitFunction("TargetSpinLeaf").has_value()) << Probe().reason;
  for (const auto& entry : std::filesystem::directory_iterator("/tmp")) {
    EXPECT_EQ(entry.path().string().find(kAgentFileName), std::string::npos) << entry.path();
  }
}

TEST_F(AgentTest, DoesWithoutCallsThatAreRefused) {
  for (const long call :
       {SYS_timer_create, SYS_timer_settime, SYS_fcntl, SYS_getrandom, SYS_process_vm_readv}) {
    Start({LAMBENT_AGENT_TARGET, "refuse", std::to_string(call), LAMBENT_AGENT_TARGET, "spin"});
    Attach();
    for (int tick = 0; tick < 20; ++tick) Tick();
    EXPECT_TRUE(alive_) << call;
  }
}

TEST_F(AgentTest, LeavesAProgramAloneThatFiltersItsCalls) {
  StartTarget("filter");
  Attach();
  ASSERT_TRUE(Probe().available);
  EXPECT_TRUE(
      Await([&](const Seen&) { return drops_.of(DropReason::kInconsistent) >= 5; }).has_value())
      << Story();
  EXPECT_TRUE(alive_);
  EXPECT_EQ(rungs_[Rung::kAgent], 0);
}

TEST_F(AgentTest, TheFirstReaderIsTheOnlyOne) {
  StartTarget("spin");
  Attach();
  ASSERT_TRUE(AwaitSamples(1));
  const auto second = os::CreateAgentDoor()->Open(program_->pid());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  ladder_.reset();
  EXPECT_TRUE(os::CreateAgentDoor()->Open(program_->pid()).ok());
}

TEST_F(AgentTest, DoesNotTouchAStaticProgram) {
  if (!std::filesystem::exists("/bin/busybox")) GTEST_SKIP() << "no busybox-static";
  Start({"/bin/busybox", "sh", "-c", "echo ready; while :; do :; done"});
  Attach();
  for (int tick = 0; tick < 10; ++tick) Tick();
  EXPECT_TRUE(alive_);
  EXPECT_THAT(Probe().reason, HasSubstr("no agent"));
}

TEST_F(AgentTest, LoadsIntoPython) {
  Start({"python3", "-c",
         "import threading\n"
         "def work():\n"
         "  while True: pass\n"
         "print('ready', flush=True)\n"
         "threading.Thread(target=work).start()"});
  Attach();
  EXPECT_TRUE(Await([](const Seen& seen) { return Holds(seen, "work"); }).has_value());
  EXPECT_TRUE(Probe().available) << Probe().reason;
}

TEST_F(AgentTest, ShowsJavaScriptRunning) {
  if (support::RunProgram({"node", "--version"}).code != 0) GTEST_SKIP() << "no node";
  Start({"node", "-e",
         "console.log('ready'); function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) }"
         "for (;;) f(25)"});
  Attach();
  const auto seen = Await([](const Seen& s) {
    return s.sample.rung == Rung::kAgent && s.sample.tid == s.sample.pid && s.names.size() > 10;
  });
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->names.back(), "_start") << testing::PrintToString(seen->names);
}

}  // namespace
}  // namespace lambent
