// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/unwinder.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/process_files.h"
#include "profiler/symbols/symbol_index.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/unwind_with_libunwind.h"
#include "profiler/unwind/unwind_with_rules.h"
#include "tests/profiler/unwind/own_registers.h"

namespace lambent {
namespace {

std::unique_ptr<Unwinder> CreateByRules(const ModuleTable& modules, os::RemoteMemory* memory) {
  return CreateRuleUnwinder(modules, memory);
}
std::unique_ptr<Unwinder> CreateByLibunwind(const ModuleTable& modules, os::RemoteMemory*) {
  return CreateLibunwindUnwinder(modules);
}

// This very process, looked at as any other.
using Create = std::unique_ptr<Unwinder> (*)(const ModuleTable&, os::RemoteMemory*);

class UnwinderTest : public testing::TestWithParam<Create> {
 protected:
  UnwinderTest()
      : proc_(os::CreateProcFiles()),
        files_(proc_->OpenProcess(getpid())),
        memory_(os::CreateProcMemory(getpid())),
        modules_(*files_, memory_.get()),
        unwinder_(GetParam()(modules_, memory_.get())) {
    EXPECT_EQ(modules_.Refresh(), os::ReadResult::kOk);
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (uint64_t pc : pcs_) {
      const ModuleAddress at = modules_.Find(pc);
      if (at.module == nullptr) {
        names.emplace_back("?");
        continue;
      }
      auto index = SymbolIndex::Create(*modules_.Open(*at.module));
      names.emplace_back(index.ok() ? (*index)->Find(at.address).name : "");
    }
    return names;
  }

  std::unique_ptr<os::ProcFiles> proc_;
  std::unique_ptr<os::ProcessFiles> files_;
  std::unique_ptr<os::RemoteMemory> memory_;
  ModuleTable modules_;
  std::unique_ptr<Unwinder> unwinder_;
  RawSnapshot snapshot_{256 * 1024};
  std::vector<uint64_t> pcs_;
  UnwindEnd end_ = UnwindEnd::kBadFrame;

 public:
  void UnwindHere(size_t bytes, os::RemoteMemory* live, size_t depth) {
    ucontext_t context;
    getcontext(&context);
    snapshot_.SetRegisters(RegistersOf(context), 0);
    snapshot_.CopyStack(*memory_, bytes, UINT64_MAX);
    end_ = unwinder_->Unwind(snapshot_, live, depth, &pcs_);
  }
  static constexpr size_t kDepth = 1024;
};

// The empty asm keeps each call from becoming a jump.
#define LAMBENT_TEST_FUNCTION extern "C" __attribute__((noinline, used)) void

LAMBENT_TEST_FUNCTION LambentTestLeaf(UnwinderTest* test, size_t bytes, os::RemoteMemory* live,
                                      size_t depth) {
  test->UnwindHere(bytes, live, depth);
  __asm__ volatile("" ::: "memory");
}
LAMBENT_TEST_FUNCTION LambentTestMiddle(UnwinderTest* test, size_t bytes, os::RemoteMemory* live,
                                        size_t depth) {
  LambentTestLeaf(test, bytes, live, depth);
  __asm__ volatile("" ::: "memory");
}
// A frame of 8 KiB, so that a small snapshot cannot reach beyond it.
LAMBENT_TEST_FUNCTION LambentTestRoot(UnwinderTest* test, size_t bytes, os::RemoteMemory* live,
                                      size_t depth) {
  char large[8192];
  __asm__ volatile("" ::"r"(large) : "memory");
  LambentTestMiddle(test, bytes, live, depth);
  __asm__ volatile("" ::"r"(large) : "memory");
}

std::vector<std::string> Ours(const std::vector<std::string>& names) {
  std::vector<std::string> ours;
  for (const std::string& name : names) {
    if (name.rfind("LambentTest", 0) == 0) ours.push_back(name);
  }
  return ours;
}

TEST_P(UnwinderTest, FindsEveryCallerDownToTheStart) {
  LambentTestRoot(this, 256 * 1024, nullptr, kDepth);
  EXPECT_EQ(end_, UnwindEnd::kComplete) << UnwindEndName(end_);
  const std::vector<std::string> names = Names();
  EXPECT_THAT(Ours(names),
              testing::ElementsAre("LambentTestLeaf", "LambentTestMiddle", "LambentTestRoot"));
  EXPECT_THAT(names, testing::Contains("main"));
  EXPECT_EQ(names.back(), "_start");
}

TEST_P(UnwinderTest, AgreesWithItselfWhenWarm) {
  std::vector<std::vector<std::string>> seen;  // names: the compiler may unroll the loop
  for (int i = 0; i < 3; ++i) {
    LambentTestRoot(this, 256 * 1024, nullptr, kDepth);
    seen.push_back(Names());
  }
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[1], seen[2]);
}

TEST_P(UnwinderTest, SaysWhenTheCopiedBytesEnd) {
  LambentTestRoot(this, 4096, nullptr, kDepth);
  EXPECT_EQ(end_, UnwindEnd::kNoBytes) << UnwindEndName(end_);
  const std::vector<std::string> names = Names();
  EXPECT_THAT(names, testing::Not(testing::Contains("main")));
}

TEST_P(UnwinderTest, ReadsWhatIsMissingFromAThreadThatStandsStill) {
  LambentTestRoot(this, 4096, memory_.get(), kDepth);
  EXPECT_EQ(end_, UnwindEnd::kComplete) << UnwindEndName(end_);
  EXPECT_THAT(Names(), testing::Contains("main"));
}

TEST_P(UnwinderTest, KeepsTheLeafSideOfAStackTooDeep) {
  LambentTestRoot(this, 256 * 1024, nullptr, 4);
  EXPECT_EQ(end_, UnwindEnd::kTooDeep);
  EXPECT_EQ(pcs_.size(), 4u);
}

UnwinderTest* interrupted_test = nullptr;

void OnSignal(int) { interrupted_test->UnwindHere(64 * 1024, nullptr, UnwinderTest::kDepth); }

LAMBENT_TEST_FUNCTION LambentTestInterrupted() {
  raise(SIGUSR2);
  __asm__ volatile("" ::: "memory");
}

TEST_P(UnwinderTest, PassesThroughASignalFrame) {
#if defined(__aarch64__)
  // libunwind looks at the kernel's trampoline, and is given the code of modules only.
  const auto& modules = modules_.modules();
  const bool has_vdso = std::any_of(modules.begin(), modules.end(),
                                    [](const Module& m) { return m.path == "[vdso]"; });
  if (GetParam() == &CreateByLibunwind && !has_vdso) GTEST_SKIP() << "this machine maps no vdso";
#endif
  struct sigaction action {};
  action.sa_handler = &OnSignal;
  struct sigaction before {};
  sigaction(SIGUSR2, &action, &before);
  interrupted_test = this;
  LambentTestInterrupted();
  sigaction(SIGUSR2, &before, nullptr);
  EXPECT_EQ(end_, UnwindEnd::kComplete) << UnwindEndName(end_);
  EXPECT_THAT(Ours(Names()), testing::ElementsAre("LambentTestInterrupted"));
}

TEST_P(UnwinderTest, RefusesAPcOutsideTheCode) {
  ucontext_t context;
  getcontext(&context);
  os::Registers registers = RegistersOf(context);
  registers.values[os::Registers::kPc] = 0x10;
  snapshot_.SetRegisters(registers, 0);
  EXPECT_EQ(unwinder_->Unwind(snapshot_, nullptr, kDepth, &pcs_), UnwindEnd::kUnknownCode);
  EXPECT_TRUE(pcs_.empty());
}

TEST_P(UnwinderTest, SurvivesGarbageOnTheStackAndInRegisters) {
  std::mt19937_64 random(42);
  const auto here = reinterpret_cast<uint64_t>(&LambentTestMiddle);
  for (int round = 0; round < 2000; ++round) {
    std::vector<uint64_t> stack(512);
    for (uint64_t& word : stack) {
      switch (random() % 4) {
        case 0:
          word = here + random() % 4096;
          break;
        case 1:
          word = reinterpret_cast<uint64_t>(stack.data() + random() % 512);
          break;
        case 2:
          word = random() % 4096;
          break;
        default:
          word = random();
      }
    }
    os::Registers registers;
    for (uint64_t& value : registers.values) value = stack[random() % 512];
    registers.values[os::Registers::kPc] = here + random() % 256;
    registers.values[os::Registers::kSp] = reinterpret_cast<uint64_t>(stack.data()) + random() % 64;
    snapshot_.SetRegisters(registers, 0);
    snapshot_.CopyStack(*memory_, 4096 - 64, UINT64_MAX);
    unwinder_->Unwind(snapshot_, nullptr, kDepth, &pcs_);
    EXPECT_LE(pcs_.size(), kDepth);
    for (uint64_t pc : pcs_) {
      const Mapping* mapping = modules_.FindMapping(pc);
      ASSERT_TRUE(mapping != nullptr && mapping->executable);
    }
  }
}

TEST_P(UnwinderTest, KnowsOnlyPcAndSpOfABlockedThread) {
  ucontext_t context;
  getcontext(&context);
  const os::Registers registers = RegistersOf(context);
  snapshot_.SetCallRegisters(registers.pc(), registers.sp(), 0);
  EXPECT_TRUE(snapshot_.Knows(os::Registers::kPc));
  EXPECT_FALSE(snapshot_.Knows(os::Registers::kFp));
  snapshot_.CopyStack(*memory_, 64 * 1024, UINT64_MAX);
  const UnwindEnd end = unwinder_->Unwind(snapshot_, nullptr, kDepth, &pcs_);
  EXPECT_GE(pcs_.size(), 1u) << UnwindEndName(end);
}

INSTANTIATE_TEST_SUITE_P(Both, UnwinderTest, testing::Values(&CreateByLibunwind, &CreateByRules),
                         [](const auto& kind) {
                           return kind.param == &CreateByRules ? "Rules" : "Libunwind";
                         });

}  // namespace
}  // namespace lambent
