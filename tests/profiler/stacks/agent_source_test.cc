// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/agent_source.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/affinity.h"
#include "profiler/stacks/switchable_memory.h"
#include "tests/fakes/fake_agent_door.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_process_files.h"

namespace lambent {
namespace {

using ::testing::HasSubstr;

constexpr int32_t kPid = 42;
constexpr int32_t kTid = 43;
constexpr int64_t kPeriodNs = 10'000'000;
constexpr uint64_t kSp = 0x7000;

class AnyCpu final : public os::Affinity {
 public:
  int CurrentCpu() const override { return cpu_; }
  bool MoveTo(int cpu) override {
    cpu_ = cpu;
    return true;
  }
  void Release() override {}

 private:
  int cpu_ = 0;
};

// Finds the snapshot's pc, and no callers.
class PcUnwinder final : public Unwinder {
 public:
  UnwindEnd Unwind(const RawSnapshot& snapshot, os::RemoteMemory*, size_t,
                   std::vector<uint64_t>* pcs) override {
    *pcs = {snapshot.registers().pc()};
    return UnwindEnd::kComplete;
  }
};

class AgentSourceTest : public testing::Test {
 protected:
  AgentSourceTest() {
    door_.memory = &memory_;
    process_.threads[kTid].schedule = {.cpu_ns = 1'000'000'000, .timeslices = 1};
    process_.threads[kTid].stat.processor = 0;
    process_.threads[kTid].call.kind = os::ThreadCall::Kind::kRunning;
  }

  // A tick that finds the thread running, after it used so much CPU.
  CaptureResult Tick(int64_t used_ns = kPeriodNs) {
    now_ns_ += kPeriodNs;
    os::ThreadSchedule& schedule = process_.threads[kTid].schedule;
    schedule.cpu_ns += static_cast<uint64_t>(used_ns);
    ++schedule.timeslices;
    thread_.schedule = schedule;
    source_.BeginTick(now_ns_);
    CaptureAttempt attempt;
    attempt.reads_calls = true;
    return source_.Capture(thread_, attempt);
  }
  void Snapshot(uint64_t pc) { memory_.Snapshot(kTid, pc, kSp, std::string(256, 's')); }

  fakes::FakeClock clock_;
  fakes::FakeProcess process_;
  fakes::FakeProcessFiles files_{process_, kPid};
  SwitchableMemory no_memory_;
  ModuleTable modules_{files_, &no_memory_};
  NativeStacks native_{clock_, no_memory_, modules_, std::make_unique<PcUnwinder>()};
  AnyCpu affinity_;
  OwnCpu own_cpu_{affinity_};
  fakes::FakeAgentMemory memory_{kPid};
  fakes::FakeAgentMemory anew_{kPid};  // of the program that is run next
  fakes::FakeAgentDoor door_;
  AgentSource source_{kPid, door_, own_cpu_, native_, kPeriodNs};
  ObservedThread thread_{files_.OpenThread(kTid)};
  int64_t now_ns_ = 0;
};

TEST_F(AgentSourceTest, AsksARunningThreadOnceAndWaits) {
  EXPECT_EQ(Tick(), CaptureResult::kPending);
  ASSERT_EQ(door_.requests.size(), 1u);
  EXPECT_EQ(door_.requests[0], std::make_pair(kTid, AgentRequest(memory_.header().cookie)));
  EXPECT_EQ(Tick(), CaptureResult::kPending);
  EXPECT_EQ(door_.requests.size(), 1u);
}

TEST_F(AgentSourceTest, GivesWhatWasTakenSinceTheTickBefore) {
  Tick();
  Snapshot(0x1234);
  EXPECT_EQ(Tick(), CaptureResult::kCaptured);
  ASSERT_EQ(thread_.stack.size(), 1u);
  EXPECT_EQ(thread_.stack[0].address, 0x1234u);
  EXPECT_EQ(Tick(), CaptureResult::kPending) << "the same is not given twice";
}

TEST_F(AgentSourceTest, WaitsHoweverLongForAThreadThatUsesNoCpu) {
  Tick();
  Snapshot(1);
  Tick();
  for (int tick = 0; tick < 200; ++tick) ASSERT_EQ(Tick(0), CaptureResult::kPending);
  EXPECT_EQ(door_.requests.size(), 1u);
}

TEST_F(AgentSourceTest, DoesNotAskAThreadAgainWhoseCopiesWereOfNoUse) {
  Tick();
  for (int tick = 0; tick < 50; ++tick) {
    Snapshot(1);
    now_ns_ += kPeriodNs;
    source_.BeginTick(now_ns_);  // the thread is blocked then, and read where it lies
  }
  EXPECT_EQ(Tick(50 * kPeriodNs), CaptureResult::kPending);
  EXPECT_EQ(door_.requests.size(), 1u);
}

TEST_F(AgentSourceTest, LeavesAThreadThatDoesNotAnswerAndRests) {
  CaptureResult result = CaptureResult::kPending;
  for (int tick = 0; tick < 50 && result == CaptureResult::kPending; ++tick) result = Tick();
  EXPECT_EQ(result, CaptureResult::kInconsistent);
  EXPECT_EQ(door_.requests.size(), 3u);
  EXPECT_FALSE(source_.present());
  EXPECT_THAT(source_.reason(), HasSubstr("does not answer"));
  EXPECT_EQ(memory_.header().control.period_ns, 0u);

  for (int tick = 0; tick < 400; ++tick) Tick();
  EXPECT_EQ(door_.requests.size(), 3u);
  for (int tick = 0; tick < 400; ++tick) Tick();
  EXPECT_EQ(door_.requests.size(), 6u) << "some seconds later once more";
}

TEST_F(AgentSourceTest, FindsTheNewAgentOfAProcessThatRanItselfAnew) {
  Tick();
  ASSERT_FALSE(door_.requests.empty());
  AgentHeader header = anew_.header();
  header.cookie = 8;
  anew_.set_header(header);
  door_.memory = &anew_;
  for (int tick = 0; tick < 30 && door_.requests.back().second != AgentRequest(8); ++tick) Tick();
  EXPECT_EQ(door_.requests.back().second, AgentRequest(8));
  EXPECT_TRUE(source_.present());
}

TEST_F(AgentSourceTest, NeverSignalsABlockedThread) {
  process_.threads[kTid].call.kind = os::ThreadCall::Kind::kInCall;
  EXPECT_EQ(Tick(), CaptureResult::kInconsistent);
  EXPECT_TRUE(door_.requests.empty());
}

TEST_F(AgentSourceTest, NeverAsksAThreadThatFiltersItsCalls) {
  door_.filters = 1;
  for (int tick = 0; tick < 20; ++tick) EXPECT_EQ(Tick(), CaptureResult::kInconsistent);
  EXPECT_TRUE(door_.requests.empty());
}

TEST_F(AgentSourceTest, LooksForTheAgentOftenAtFirstAndSeldomLater) {
  door_.memory = nullptr;
  for (int tick = 0; tick < 2000; ++tick) Tick();
  EXPECT_LT(door_.opened, 20);
  EXPECT_THAT(source_.reason(), HasSubstr("no agent"));
  door_.memory = &memory_;
  for (int tick = 0; tick < 600 && !source_.present(); ++tick) Tick();
  EXPECT_TRUE(source_.present());
}

TEST_F(AgentSourceTest, FollowsTheRateOfTheTicks) {
  Tick();
  const uint64_t before = memory_.header().control.period_ns;
  EXPECT_EQ(before, static_cast<uint64_t>(kPeriodNs / 2));
  for (int tick = 0; tick < 40; ++tick) {
    now_ns_ += 9 * kPeriodNs;
    Tick();
  }
  EXPECT_GT(memory_.header().control.period_ns, 6 * before);
}

TEST_F(AgentSourceTest, KeepsWhatTheAgentCouldNotDoUntilItIsAsked) {
  Tick();
  for (const uint64_t times : {uint64_t{2}, uint64_t{5}}) {
    AgentHeader header = memory_.header();
    header.counts.no_cell = times;
    memory_.set_header(header);
    Tick();
  }
  source_.Reset();  // the process runs another program: what was lost before stays lost
  EXPECT_EQ(source_.TakeLosses(), (AgentLosses{.no_cell = 5}));
  EXPECT_TRUE(source_.TakeLosses().empty());
}

}  // namespace
}  // namespace lambent
