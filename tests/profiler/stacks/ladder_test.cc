// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/ladder.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_process_files.h"
#include "tests/profiler/stacks/ladder_fixture.h"

namespace lambent {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

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

TEST_F(LadderTest, StopsARunningNativeThreadOnACpuItMayNotUse) {
  StartNative("spin");
  LadderParts parts = RealParts();
  parts.affinity = std::make_unique<FixedAffinity>();
  AttachWith(std::move(parts));
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  const auto seen = AwaitLeaf("TargetSpinLeaf", Rung::kStop);
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_THAT(Ours(seen->names),
              ElementsAre("TargetSpinLeaf", "TargetMiddle", "TargetOuter", "main"));
  EXPECT_GT(seen->sample.stopped_ns, 0);
}

TEST_F(LadderTest, SamplesEachThreadInItsTurnWhereMoreRunThanThereAreCpus) {
  constexpr size_t kThreads = 6;
  StartNative("queue", std::to_string(kThreads));
  Attach();
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  std::map<int32_t, int> samples;
  int64_t tick_ns = 0, length_ns = 0;  // the tick before, and how long after another it came
  const auto note = [&](const ThreadSample& sample) {
    ++samples[sample.tid];
    // What has to be told at a tick that comes late, as it may hold a freeze, is not waited for.
    const bool late = sample.time_ns - tick_ns > 6 * length_ns;
    if (late) return;
    EXPECT_EQ(sample.drop, DropReason::kUnspecified) << DropReasonName(sample.drop);
  };
  os::Clock& clock = os::RealClock();
  const int64_t end_ns = clock.MonotonicNs() + absl::ToInt64Nanoseconds(kLimit);
  const auto seen_all = [&] {
    return samples.size() == kThreads && std::all_of(samples.begin(), samples.end(),
                                                     [](const auto& of) { return of.second > 20; });
  };
  while (!seen_all() && clock.MonotonicNs() < end_ns) {
    const int64_t now_ns = clock.MonotonicNs();
    ladder_->Observe(note);
    length_ns = now_ns - tick_ns;
    tick_ns = now_ns;
    RestUntil(clock.MonotonicNs() + absl::ToInt64Nanoseconds(kTick), clock, *ladder_, note);
  }
  EXPECT_TRUE(seen_all()) << testing::PrintToString(samples) << "\n" << Reasons();
}

TEST_F(LadderTest, StopsNoBlockedThreadOnACpuItMayNotUse) {
  StartNative("sleep");
  int stops = 0;
  LadderParts parts = RealParts();
  parts.affinity = std::make_unique<FixedAffinity>();
  parts.control = std::make_unique<CountingControl>(&stops);
  AttachWith(std::move(parts));
  ASSERT_TRUE(AwaitFunction("TargetSleepLeaf", Rung::kBlocked).has_value()) << Reasons();
  AwaitRung(Rung::kUnchanged);  // one that came too late wakes it once
  stops = 0;
  for (int tick = 0; tick < 20; ++tick) {
    for (auto& seen : Tick()) EXPECT_NE(seen.sample.rung, Rung::kStop);
  }
  EXPECT_EQ(stops, 0);
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
  EXPECT_EQ(seen->leaf.kind, FrameKind::kSystemCall);
  // A look that stopped it just before it fell asleep makes the kernel restart the call.
  EXPECT_THAT(seen->names.front(), ::testing::AnyOf("clock_nanosleep", "restart_syscall"));
  EXPECT_EQ(seen->sample.state, ThreadState::kBlocked);
  EXPECT_EQ(seen->sample.stopped_ns, 0);
}

TEST_F(LadderTest, ReadsAThreadBlockedInRead) {
  StartNative("read");
  Attach();
  const auto seen = AwaitFunction("TargetReadLeaf", Rung::kBlocked);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->leaf.kind, FrameKind::kSystemCall);
  EXPECT_EQ(seen->names.front(), "read");
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
    EXPECT_EQ(seen[0].sample.run_queue_ns, 0);
    EXPECT_EQ(seen[0].sample.state, ThreadState::kBlocked);
  }
}

TEST_F(LadderTest, TellsWaitingForACpuFromRunning) {
  StartNative("rivals");
  Attach();
  int64_t wall_ns = 0;
  int64_t run_queue_ns = 0;
  Await([&](const Seen& seen) {
    EXPECT_GE(seen.sample.run_queue_ns, 0);
    EXPECT_LE(seen.sample.run_queue_ns, seen.sample.wall_ns);
    wall_ns += seen.sample.wall_ns;
    run_queue_ns += seen.sample.run_queue_ns;
    return wall_ns >= 1'000'000'000;
  });
  // One of the two always waits; that their CPU has other work makes it more.
  EXPECT_GT(run_queue_ns, wall_ns / 4);
}

TEST_F(LadderTest, SaysThatADeepStackIsCutOff) {
  StartNative("deep");
  Attach();
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  // The copy grows from sample to sample until the depth is the limit.
  const auto seen = Await([](const Seen& s) { return s.names.size() == kMaxStackDepth + 1; });
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
  Await([&](const Seen& seen) {
    if (seen.sample.stack == nullptr) return false;
    EXPECT_FALSE(seen.names.empty());
    return ++samples > 100;
  });
  EXPECT_TRUE(alive_);
  EXPECT_GT(samples, 100);
}

// A thread that calls exec takes the process's id, with whoever traces it.
TEST_F(LadderTest, AThreadThatBecomesTheFirstIsLetGoUnderItsNewId) {
  Start({LAMBENT_NATIVE_TARGET, "rebirth", "400"});
  const int32_t pid = program_->pid();
  const auto files = os::CreateProcFiles()->OpenProcess(pid);
  const auto control = os::CreateThreadControl(pid);
  std::vector<int32_t> tids;
  int stops = 0, refusals = 0, traced = 0;
  const int64_t end_ns = os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kLimit);
  os::ProcessStat stat;
  while (files->ReadStat(&stat) == os::ReadResult::kOk && stat.state != 'Z' &&
         os::RealClock().MonotonicNs() < end_ns) {
    files->ListThreads(&tids);
    for (const int32_t tid : tids) {
      if (tid == pid) continue;
      os::Registers registers;
      const auto result = control->Stop(tid, {.asleep_ns = 1'000'000}, &registers);
      control->Resume();
      stops += result == os::StopResult::kStopped ? 1 : 0;
      refusals += result == os::StopResult::kRefused ? 1 : 0;
    }
    if (control->Settle() > 0) continue;
    const std::string status = support::ReadFile("/proc/" + std::to_string(pid) + "/status");
    const size_t tracer = status.find("TracerPid:");
    traced += tracer != std::string::npos && status.compare(tracer, 12, "TracerPid:\t0") != 0;
  }
  control->Settle();
  EXPECT_EQ(traced, 0) << "it is not let go";
  EXPECT_EQ(program_->Wait(kLimit).code, 0) << "it stands where it was stopped";
  if (stops == 0 && refusals > 0) GTEST_SKIP() << "ptrace is not permitted here";
  EXPECT_EQ(refusals, 0) << "a thread that ends is none that may not be stopped";
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
  EXPECT_EQ(seen->leaf.kind, FrameKind::kSystemCall);
  EXPECT_EQ(seen->names.front(), "stopped");
  rungs_.clear();
  for (int tick = 0; tick < 5; ++tick) Tick();
  EXPECT_EQ(rungs_[Rung::kStop], 0);
  EXPECT_EQ(rungs_[Rung::kUnchanged], 5);
  program_->Signal(os::GroupSignal::kContinue);
  EXPECT_TRUE(Await([](const Seen& s) { return s.sample.rung != Rung::kUnchanged; }).has_value());
}

TEST_F(LadderTest, SaysOfARungThatIsNotAskedForThatItIsNot) {
  StartNative("spin");
  Attach({.only = Rung::kAgent});
  for (const RungProbe& probe : ladder_->rungs()) {
    if (probe.rung != Rung::kStop && probe.rung != Rung::kPerf &&
        probe.rung != Rung::kConsistentRead) {
      EXPECT_THAT(probe.reason, testing::Not(testing::HasSubstr("asked for")));
      continue;
    }
    EXPECT_FALSE(probe.available);
    EXPECT_EQ(probe.reason, "not asked for (--rung agent)");
  }
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

TEST_F(LadderTest, SaysThatTheMappingsOfAnothersProcessMayNotBeRead) {
  constexpr int32_t kPid = 4242;
  for (const auto result : {os::ReadResult::kRefused, os::ReadResult::kGone}) {
    auto proc = std::make_unique<fakes::FakeProcFiles>();
    fakes::FakeProcess& process = proc->processes[kPid];
    process.stat.state = 'S';
    process.maps_result = result;
    process.threads[kPid];
    LadderParts parts = RealParts();
    parts.proc = std::move(proc);
    fakes::FakeClock clock;
    auto ladder = Ladder::Attach(kPid, clock, {}, std::move(parts));
    ASSERT_TRUE(ladder.ok()) << ladder.status();
    ladder_ = *std::move(ladder);
    EXPECT_THAT(Reasons(), testing::HasSubstr(result == os::ReadResult::kRefused
                                                  ? "/proc/PID/maps may not be read"
                                                  : "no mapping to try it on"));
  }
}

// In the middle of an exec nothing is mapped yet.
TEST_F(LadderTest, TriesMemoryAgainSoonAfterAnExec) {
  StartPython("sleep");
  fakes::FakeClock clock;
  int probes = 0;
  LadderParts parts = RealParts();
  parts.open_memory = [&](int32_t pid, uint64_t address) {
    return ++probes < 3 ? os::RemoteMemoryProbe{} : os::ProbeRemoteMemory(pid, address);
  };
  auto ladder = Ladder::Attach(program_->pid(), clock, {}, std::move(parts));
  ASSERT_TRUE(ladder.ok()) << ladder.status();
  ladder_ = *std::move(ladder);

  bool seen = false;
  for (int tick = 0; tick < 10 && !seen; ++tick) {
    for (const Seen& one : Tick()) {
      seen = seen || !FromFunction("<module>", one.names).empty();
    }
    clock.Advance(absl::Milliseconds(10));
  }

  EXPECT_EQ(probes, 3);
  EXPECT_TRUE(seen) << Reasons();
}

TEST_F(LadderTest, TriesMemoryThatIsRefusedLessAndLessOften) {
  StartNative("sleep");
  fakes::FakeClock clock;
  int probes = 0;
  LadderParts parts = RealParts();
  parts.open_memory = [&](int32_t, uint64_t) {
    ++probes;
    return os::RemoteMemoryProbe{};
  };
  auto ladder = Ladder::Attach(program_->pid(), clock, {}, std::move(parts));
  ASSERT_TRUE(ladder.ok()) << ladder.status();
  ladder_ = *std::move(ladder);

  for (int tick = 0; tick < 1000; ++tick) {
    Tick();
    clock.Advance(absl::Milliseconds(10));
  }

  EXPECT_GE(probes, 10);
  EXPECT_LE(probes, 14);
}

}  // namespace
}  // namespace lambent
