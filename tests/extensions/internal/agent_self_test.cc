// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// The agent's handler in this very process, which is also the profiler: what it copies is this
// thread, and unwinds down to _start. Needs no other process, so that it also runs where a machine
// is emulated.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "extensions/internal/agent.h"
#include "profiler/base/agent_memory.h"
#include "profiler/os/process_files.h"
#include "profiler/symbols/symbol_index.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/unwind_with_rules.h"
#include "tests/profiler/unwind/own_work.h"

namespace lambent {
namespace {

constexpr size_t kDepth = 1024;

const AgentCell& CellOf(const AgentHeader& memory, uint32_t index) {
  return *reinterpret_cast<const AgentCell*>(reinterpret_cast<const char*>(&memory) +
                                             kAgentCellsOffset + uint64_t{index} * kAgentCellBytes);
}

// The stack's bytes in a cell, as the process's memory.
class CellMemory final : public os::RemoteMemory {
 public:
  explicit CellMemory(const AgentCell& cell) : cell_(cell) {}
  size_t Read(uint64_t address, void* into, size_t size) override {
    const uint64_t at = address - cell_.stack_start;
    if (at >= cell_.stack_bytes) return 0;
    size = std::min<size_t>(size, cell_.stack_bytes - at);
    std::memcpy(into, reinterpret_cast<const char*>(&cell_) + kAgentStackOffset + at, size);
    return size;
  }
  Failure last_failure() const override { return Failure::kUnmapped; }

 private:
  const AgentCell& cell_;
};

class AgentSelfTest : public testing::Test {
 protected:
  AgentSelfTest()
      : memory_(agent::Memory()),
        proc_(os::CreateProcFiles()),
        files_(proc_->OpenProcess(getpid())),
        own_(os::CreateProcMemory(getpid())),
        modules_(*files_, own_.get()),
        unwinder_(CreateRuleUnwinder(modules_, own_.get())) {}

  void SetUp() override {
    ASSERT_NE(memory_, nullptr) << "the agent has no memory here";
    ASSERT_EQ(modules_.Refresh(), os::ReadResult::kOk);
    memory_->control.stack_bytes = 32 * 1024;
  }
  void TearDown() override {
    if (memory_ != nullptr) memory_->control.period_ns = 0;
    FreeAll();
  }

  // Asks this thread for a snapshot and a timer, as the profiler does.
  void Request() {
    siginfo_t info{};
    info.si_signo = SIGURG;
    info.si_code = SI_QUEUE;
    info.si_value.sival_ptr = reinterpret_cast<void*>(AgentRequest(memory_->cookie));
    ASSERT_EQ(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGURG, &info), 0);
  }

  bool IsReady(uint32_t cell) const {
    constexpr uint64_t kMask = (1 << kAgentCellStateBits) - 1;
    return (__atomic_load_n(&memory_->cell_states[cell], __ATOMIC_ACQUIRE) & kMask) ==
           static_cast<uint64_t>(AgentCellState::kReady);
  }
  void FreeAll() {
    for (uint32_t cell = 0; cell < kAgentCells; ++cell) {
      if (IsReady(cell)) __atomic_store_n(&memory_->cell_states[cell], 0, __ATOMIC_RELEASE);
    }
  }

  // Of the snapshot in a cell, leaf to root.
  std::vector<std::string> NamesOf(uint32_t index) {
    const AgentCell& cell = CellOf(*memory_, index);
    os::Registers registers;
    std::copy_n(cell.registers, kAgentRegisters, registers.values.begin());
    snapshot_.SetRegisters(registers, 0);
    CellMemory stack(cell);
    snapshot_.CopyStack(stack, snapshot_.capacity(), UINT64_MAX);
    std::vector<uint64_t> pcs;
    const UnwindEnd end = unwinder_->Unwind(snapshot_, nullptr, kDepth, &pcs);
    EXPECT_EQ(end, UnwindEnd::kComplete) << UnwindEndName(end);
    std::vector<std::string> names;
    for (const uint64_t pc : pcs) {
      const ModuleAddress at = modules_.Find(pc);
      if (at.module == nullptr || at.module->path[0] != '/') continue;
      auto index_of_module = SymbolIndex::Create(*modules_.Open(*at.module));
      names.emplace_back((*index_of_module)->Find(at.address).name);
    }
    return names;
  }

  AgentHeader* const memory_;
  std::unique_ptr<os::ProcFiles> proc_;
  std::unique_ptr<os::ProcessFiles> files_;
  std::unique_ptr<os::RemoteMemory> own_;
  ModuleTable modules_;
  std::unique_ptr<RuleUnwinder> unwinder_;
  RawSnapshot snapshot_{64 * 1024};
};

TEST_F(AgentSelfTest, SnapshotOnRequestIsThisThreads) {
  memory_->control.period_ns = 10'000'000'000;  // no timer goes off by itself
  const uint64_t before = memory_->counts.snapshots;
  Request();
  ASSERT_TRUE(IsReady(0));
  EXPECT_EQ(memory_->counts.snapshots, before + 1);
  EXPECT_EQ(memory_->counts.no_stack, 0u);
  EXPECT_EQ(memory_->counts.refused, 0u) << memory_->counts.refused_error;
  EXPECT_EQ(memory_->cell_threads[0], static_cast<uint32_t>(gettid()));
  const std::vector<std::string> names = NamesOf(0);
  EXPECT_EQ(names.front(), "syscall");
  EXPECT_THAT(names, testing::Contains("main"));
  EXPECT_EQ(names.back(), "_start");
}

TEST_F(AgentSelfTest, TimersSnapshotsAreOfWhatRan) {
  memory_->control.period_ns = 1'000'000;
  Request();
  FreeAll();
  int in_work = 0;
  for (int taken = 0; taken < 40;) {
    memory_->control.beat++;
    kPlainOwnWork.leaf();
    for (uint32_t cell = 0; cell < kAgentCells; ++cell) {
      if (!IsReady(cell)) continue;
      ++taken;
      const std::vector<std::string> names = NamesOf(cell);
      EXPECT_THAT(names, testing::Contains("main"));
      EXPECT_EQ(names.back(), "_start");
      for (const std::string& name : names) {
        in_work += name.find("OwnLeafRoot") != std::string::npos ? 1 : 0;
      }
    }
    FreeAll();
  }
  EXPECT_GT(in_work, 0);
}

}  // namespace
}  // namespace lambent
