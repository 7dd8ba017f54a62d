// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Memory and threads of a real process beside the test.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "profiler/os/affinity.h"
#include "profiler/os/clock.h"
#include "profiler/os/file_bytes.h"
#include "profiler/os/process_files.h"
#include "profiler/os/random_bytes.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "tests/support/emulation.h"
#include "tests/support/program.h"

namespace lambent::os {
namespace {

// For a thread to be given a CPU, on a busy machine.
constexpr StopPatience kPatience{.asleep_ns = 20'000'000};

int32_t OwnPid() { return CreateProcFiles()->SelfPid(); }

class RemoteMemoryTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) LAMBENT_SKIP_IF_EMULATED();
  }
  std::unique_ptr<RemoteMemory> Create(int32_t pid) {
    return GetParam() ? CreateVmReadMemory(pid) : CreateProcMemory(pid);
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, RemoteMemoryTest, testing::Bool(),
                         [](const auto& way) { return way.param ? "ProcessVmReadv" : "ProcMem"; });

TEST_P(RemoteMemoryTest, RangesAreReadInOrder) {
  const uint64_t first = 11;
  const uint64_t second = 22;
  uint64_t a = 0;
  uint64_t b = 0;
  const auto memory = Create(OwnPid());
  const std::array<RemoteRange, 2> ranges = {
      RemoteRange{reinterpret_cast<uint64_t>(&first), &a, sizeof(a)},
      RemoteRange{reinterpret_cast<uint64_t>(&second), &b, sizeof(b)}};
  EXPECT_EQ(memory->ReadV(ranges), 16u);
  EXPECT_EQ(a, 11u);
  EXPECT_EQ(b, 22u);
  EXPECT_EQ(memory->last_failure(), RemoteMemory::Failure::kNone);
}

TEST_P(RemoteMemoryTest, UnmappedRangeEndsTheRead) {
  const uint64_t value = 11;
  uint64_t a = 0;
  uint64_t b = 0;
  const auto memory = Create(OwnPid());
  const std::array<RemoteRange, 2> ranges = {
      RemoteRange{reinterpret_cast<uint64_t>(&value), &a, sizeof(a)},
      RemoteRange{8, &b, sizeof(b)}};
  EXPECT_EQ(memory->ReadV(ranges), 8u);
  EXPECT_EQ(a, 11u);
  EXPECT_EQ(memory->last_failure(), RemoteMemory::Failure::kUnmapped);
}

TEST_P(RemoteMemoryTest, EndedProcessIsGone) {
  auto program = support::Program::Start({"/bin/sleep", "1000"});
  ASSERT_TRUE(program.ok()) << program.status();
  const auto memory = Create(program->pid());
  program->Stop(GroupSignal::kKill);
  uint64_t value = 0;
  EXPECT_FALSE(ReadRemote(*memory, 4096, &value));
  EXPECT_EQ(memory->last_failure(), RemoteMemory::Failure::kGone);
}

TEST(ProbeRemoteMemoryTest, SaysWhichWayWorks) {
  LAMBENT_SKIP_IF_EMULATED();
  const uint64_t value = 1;
  const RemoteMemoryProbe probe = ProbeRemoteMemory(OwnPid(), reinterpret_cast<uint64_t>(&value));
  EXPECT_EQ(probe.vm_read, "ok");
  EXPECT_EQ(probe.proc_mem, "not tried");
  ASSERT_NE(probe.memory, nullptr);
  const RemoteMemoryProbe none = ProbeRemoteMemory(OwnPid(), 8);
  EXPECT_EQ(none.memory, nullptr);
  EXPECT_NE(none.vm_read, "ok");
  EXPECT_NE(none.proc_mem, "ok");
}

class ThreadControlTest : public testing::Test {
 protected:
  void SetUp() override { LAMBENT_SKIP_IF_EMULATED(); }
  void Start(const std::string& script) {
    auto program = support::Program::Start({"/bin/sh", "-c", script});
    ASSERT_TRUE(program.ok()) << program.status();
    program_ = std::make_unique<support::Program>(*std::move(program));
    Registers registers;
    const StopResult result = control_->Stop(program_->pid(), kPatience, &registers);
    control_->Resume();
    if (result == StopResult::kRefused) GTEST_SKIP() << "ptrace is refused here";
  }
  char State() {
    ThreadStat stat;
    const auto thread =
        CreateProcFiles()->OpenProcess(program_->pid())->OpenThread(program_->pid());
    return thread->ReadStat(&stat) == ReadResult::kOk ? stat.state : '?';
  }
  bool WaitForState(char state) {
    for (int i = 0; i < 4000 && State() != state; ++i) {
      RealClock().SleepUntil(RealClock().MonotonicNs() + 1'000'000);
    }
    return State() == state;
  }
  std::unique_ptr<ThreadControl> control_ = CreateThreadControl();
  std::unique_ptr<support::Program> program_;
};

TEST_F(ThreadControlTest, BusyThreadStopsShowsRegistersAndGoesOn) {
  Start("while :; do :; done");
  Registers registers;
  ASSERT_EQ(control_->Stop(program_->pid(), kPatience, &registers), StopResult::kStopped);
  EXPECT_EQ(State(), 't');
  EXPECT_NE(registers.pc(), 0u);
  uint64_t word = 0;
  const auto memory = CreateProcMemory(program_->pid());
  EXPECT_TRUE(ReadRemote(*memory, registers.sp(), &word));
  control_->Resume();
  EXPECT_TRUE(WaitForState('R'));
  EXPECT_EQ(control_->Settle(), 0u);
}

TEST_F(ThreadControlTest, NoSignalIsLostWhileSampling) {
  Start("trap 'n=$((n+1)); echo got $n.' USR1; n=0; echo got 0.; while :; do :; done");
  const int pid = program_->pid();
  const auto got = [this](int number) {
    const std::string text = "got " + std::to_string(number) + ".";
    return program_->CollectUntil([&] { return program_->out().find(text) != std::string::npos; },
                                  absl::Seconds(20));
  };
  ASSERT_TRUE(got(0));
  // Signals of one number do not queue: each is sent when the one before has been handled.
  std::atomic<bool> done{false};
  int handled = 0;
  std::thread sender([&] {
    while (handled < 60 && kill(pid, SIGUSR1) == 0 && got(handled + 1)) ++handled;
    done = true;
  });
  while (!done) {
    Registers registers;
    if (control_->Stop(pid, kPatience, &registers) == StopResult::kStopped) control_->Resume();
  }
  sender.join();
  EXPECT_EQ(handled, 60);
}

TEST_F(ThreadControlTest, FrozenProcessCanBeReadAndStaysFrozen) {
  Start("while :; do :; done");
  program_->Signal(GroupSignal::kStop);
  ASSERT_TRUE(WaitForState('T'));
  Registers registers;
  EXPECT_EQ(control_->Stop(program_->pid(), kPatience, &registers), StopResult::kStopped);
  control_->Resume();
  EXPECT_TRUE(WaitForState('T'));
  program_->Signal(GroupSignal::kContinue);
  EXPECT_TRUE(WaitForState('R'));
}

TEST_F(ThreadControlTest, EndedThreadIsGone) {
  Start("while :; do :; done");
  const int pid = program_->pid();
  program_->Stop(GroupSignal::kKill);
  Registers registers;
  EXPECT_EQ(control_->Stop(pid, kPatience, &registers), StopResult::kGone);
  EXPECT_EQ(control_->Settle(), 0u);
}

TEST_F(ThreadControlTest, ThreadTracedByAnotherIsRefused) {
  Start("while :; do :; done");
  Registers registers;
  ASSERT_EQ(control_->Stop(program_->pid(), kPatience, &registers), StopResult::kStopped);
  StopResult other = StopResult::kStopped;
  std::thread([&] {
    other = CreateThreadControl()->Stop(program_->pid(), kPatience, &registers);
  }).join();
  EXPECT_EQ(other, StopResult::kRefused);
  control_->Resume();
}

TEST_F(ThreadControlTest, ThreadThatCanNotStopIsNotWaitedForForLong) {
  // A parent in vfork(2) stops once its child has called exec or ended.
  const pid_t parent = fork();
  if (parent == 0) {
    setpgid(0, 0);
    if (vfork() == 0) {
      for (;;) pause();
    }
    _exit(0);
  }
  const auto files = CreateProcFiles()->OpenProcess(parent);
  const auto thread = files->OpenThread(parent);
  ThreadStat stat;
  for (int i = 0; i < 20'000 && stat.state != 'D'; ++i) {
    RealClock().SleepUntil(RealClock().MonotonicNs() + 1'000'000);
    thread->ReadStat(&stat);
  }
  Registers registers;
  const StopResult result = control_->Stop(parent, kPatience, &registers);
  const size_t held = control_->Settle();
  kill(-parent, SIGKILL);
  control_->Settle();
  waitpid(parent, nullptr, 0);

  if (result == StopResult::kRefused) GTEST_SKIP() << "ptrace is refused here";
  EXPECT_EQ(result, StopResult::kLate);
  EXPECT_EQ(held, 1u);
}

TEST_F(ThreadControlTest, LateThreadIsGivenOnceItStands) {
  Start("while :; do :; done");
  const auto affinity = CreateAffinity();
  ThreadStat stat;
  const int pid = program_->pid();
  const auto thread = CreateProcFiles()->OpenProcess(pid)->OpenThread(pid);
  Registers registers;
  StopResult result = StopResult::kStopped;
  // On its own CPU it cannot stop while we run; it may move away just then.
  for (int tries = 0; tries < 1000 && result == StopResult::kStopped; ++tries) {
    ASSERT_EQ(thread->ReadStat(&stat), ReadResult::kOk);
    ASSERT_TRUE(affinity->MoveTo(stat.processor));
    result = control_->Stop(pid, {}, &registers);
    control_->Resume();
  }
  if (result == StopResult::kStopped) GTEST_SKIP() << "it never shares this CPU";
  ASSERT_EQ(result, StopResult::kLate);
  EXPECT_TRUE(control_->IsLate(pid));
  EXPECT_EQ(control_->late(), 1u);
  Clock& clock = RealClock();
  const int64_t asked_ns = clock.MonotonicNs();
  const int64_t end_ns = asked_ns + 20'000'000'000;
  while (control_->FindStopped() == 0 && clock.MonotonicNs() < end_ns) {
    EXPECT_TRUE(control_->AwaitStop(clock.MonotonicNs() + 10'000'000));
  }
  EXPECT_EQ(control_->FindStopped(), pid);
  EXPECT_EQ(State(), 't') << "it is held until it is taken";
  EXPECT_EQ(control_->Stop(pid, {}, &registers), StopResult::kStopped);
  EXPECT_NE(registers.pc(), 0u);
  EXPECT_GE(control_->stood_since_ns(), asked_ns - 20'000'000);
  EXPECT_LE(control_->stood_since_ns(), clock.MonotonicNs());
  EXPECT_EQ(control_->late(), 0u);
  control_->Resume();
  EXPECT_TRUE(WaitForState('R'));
  EXPECT_FALSE(control_->AwaitStop(clock.MonotonicNs() + 1'000'000'000)) << "nobody is late";
}

TEST_F(ThreadControlTest, LateThreadThatEndsIsForgotten) {
  Start("while :; do :; done");
  const int pid = program_->pid();
  program_->Signal(GroupSignal::kStop);
  ASSERT_TRUE(WaitForState('T'));
  Registers registers;
  const StopResult result = control_->Stop(pid, {}, &registers);
  control_->Resume();
  program_->Signal(GroupSignal::kKill);
  for (int i = 0; i < 4000 && control_->late() > 0; ++i) {
    control_->Settle();
    EXPECT_EQ(control_->FindStopped(), 0);
    RealClock().SleepUntil(RealClock().MonotonicNs() + 1'000'000);
  }
  EXPECT_EQ(control_->late(), 0u) << static_cast<int>(result);
  EXPECT_TRUE(program_->Wait(absl::Seconds(20)).by_signal);
}

TEST_F(ThreadControlTest, LateThreadIsLetGoInTheEnd) {
  Start("while :; do :; done");
  const auto affinity = CreateAffinity();
  const auto thread = CreateProcFiles()->OpenProcess(program_->pid())->OpenThread(program_->pid());
  ThreadStat stat;
  ASSERT_EQ(thread->ReadStat(&stat), ReadResult::kOk);
  ASSERT_TRUE(affinity->MoveTo(stat.processor));
  Registers registers;
  control_->Stop(program_->pid(), {}, &registers);
  control_.reset();
  StopResult other = StopResult::kRefused;
  std::thread([&] {
    other = CreateThreadControl()->Stop(program_->pid(), kPatience, &registers);
  }).join();
  EXPECT_NE(other, StopResult::kRefused) << "it is traced still";
  program_->Signal(GroupSignal::kKill);
  EXPECT_TRUE(program_->Wait(absl::Seconds(20)).by_signal);
}

TEST_F(ThreadControlTest, KilledWhileStoppedIsLetGo) {
  Start("while :; do :; done");
  Registers registers;
  ASSERT_EQ(control_->Stop(program_->pid(), kPatience, &registers), StopResult::kStopped);
  program_->Signal(GroupSignal::kKill);
  control_->Resume();
  for (int i = 0; i < 4000 && control_->Settle() > 0; ++i) {
    RealClock().SleepUntil(RealClock().MonotonicNs() + 1'000'000);
  }
  EXPECT_EQ(control_->Settle(), 0u);
  EXPECT_TRUE(program_->Wait(absl::Seconds(20)).by_signal);
}

TEST(AffinityTest, ThreadMovesToItsOwnCpuAndNowhereElse) {
  const auto affinity = CreateAffinity();
  const int cpu = affinity->CurrentCpu();
  ASSERT_GE(cpu, 0);
  EXPECT_TRUE(affinity->MoveTo(cpu));
  EXPECT_EQ(affinity->CurrentCpu(), cpu);
  EXPECT_FALSE(affinity->MoveTo(-1));
  EXPECT_FALSE(affinity->MoveTo(100'000));
  affinity->Release();
}

TEST(FileBytesTest, ReadBeyondTheEndIsShort) {
  const auto file = OpenFileBytes("/proc/self/exe");
  ASSERT_TRUE(file.ok()) << file.status();
  std::array<char, 4> magic;
  EXPECT_EQ((*file)->ReadAt(0, magic.data(), magic.size()), 4u);
  EXPECT_EQ(magic[1], 'E');
  EXPECT_EQ((*file)->ReadAt((*file)->size() - 2, magic.data(), magic.size()), 2u);
  EXPECT_EQ((*file)->ReadAt(UINT64_MAX, magic.data(), magic.size()), 0u);
}

TEST(FileBytesTest, WhatIsNoRegularFileIsRefused) {
  EXPECT_EQ(OpenFileBytes("/dev/zero").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(OpenFileBytes("/nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST(RandomBytesTest, TwoDrawsDiffer) {
  std::array<uint8_t, 16> a{};
  std::array<uint8_t, 16> b{};
  ASSERT_TRUE(FillRandom(absl::MakeSpan(a)));
  ASSERT_TRUE(FillRandom(absl::MakeSpan(b)));
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace lambent::os
