// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/unwind_with_fallback.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "profiler/symbols/symbol_index.h"
#include "profiler/unwind/unwind_with_rules.h"
#include "tests/fakes/fake_process_files.h"
#include "tests/support/program.h"

namespace lambent {
namespace {

using Pcs = std::vector<uint64_t>;
using testing::ElementsAre;

struct Result {
  UnwindEnd end = UnwindEnd::kComplete;
  Pcs pcs;
};

// Finds what a test says.
class FakeRules final : public Unwinder {
 public:
  explicit FakeRules(const Result& result) : result_(result) {}
  UnwindEnd Unwind(const RawSnapshot&, os::RemoteMemory*, size_t, Pcs* pcs) override {
    *pcs = result_.pcs;
    return result_.end;
  }

 private:
  const Result& result_;
};

class FakeLibunwind final : public LibunwindUnwinder {
 public:
  FakeLibunwind(const Result& result, size_t* guess_within)
      : result_(result), guess_within_(guess_within) {}
  UnwindEnd Unwind(const RawSnapshot&, os::RemoteMemory*, size_t, Pcs* pcs) override {
    *pcs = result_.pcs;
    return result_.end;
  }
  void GuessWithin(size_t frames) override { *guess_within_ = frames; }

 private:
  const Result& result_;
  size_t* const guess_within_;
};

class FallbackTest : public testing::Test {
 protected:
  FallbackTest() {
    process_.maps = "00400000-00404000 r-xp 00000000 08:01 7 /program\n";
    modules_.Refresh();
    snapshot_.SetRegisters({}, 0);
  }

  UnwindEnd Unwind() { return unwinder_->Unwind(snapshot_, nullptr, 1024, &pcs_); }

  fakes::FakeProcess process_;
  fakes::FakeProcessFiles files_{process_, 1};
  ModuleTable modules_{files_, nullptr};
  RawSnapshot snapshot_;
  Result rules_{UnwindEnd::kBadRules, {1, 2}};
  Result libunwind_{UnwindEnd::kComplete, {1, 2, 3, 4}};
  int made_ = 0;
  size_t guess_within_ = 0;
  std::unique_ptr<FallbackUnwinder> unwinder_ = CreateFallbackUnwinder(
      modules_, std::make_unique<FakeRules>(rules_), [this](const ModuleTable&) {
        ++made_;
        return std::make_unique<FakeLibunwind>(libunwind_, &guess_within_);
      });
  Pcs pcs_;
};

TEST_F(FallbackTest, GoesOnWhereRulesWereNotUnderstood) {
  EXPECT_EQ(Unwind(), UnwindEnd::kComplete);
  EXPECT_THAT(pcs_, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(guess_within_, 2u);
  EXPECT_EQ(Unwind(), UnwindEnd::kComplete);
  EXPECT_EQ(unwinder_->Use().asked, 2u);
  EXPECT_EQ(unwinder_->Use().taken, 2u);
  EXPECT_EQ(made_, 1);
}

TEST_F(FallbackTest, MakesNoLibunwindForAnyOtherEnd) {
  for (const UnwindEnd end :
       {UnwindEnd::kComplete, UnwindEnd::kNoBytes, UnwindEnd::kNoRules, UnwindEnd::kUnknownCode,
        UnwindEnd::kBadFrame, UnwindEnd::kTooDeep, UnwindEnd::kNoRegister}) {
    rules_.end = end;
    EXPECT_EQ(Unwind(), end);
    EXPECT_THAT(pcs_, ElementsAre(1, 2));
  }
  EXPECT_EQ(made_, 0);
  EXPECT_EQ(unwinder_->Use().asked, 0u);
}

TEST_F(FallbackTest, TakesNoStackThatBeginsOtherwise) {
  libunwind_.pcs = {1, 7, 3, 4};
  EXPECT_EQ(Unwind(), UnwindEnd::kBadRules);
  EXPECT_THAT(pcs_, ElementsAre(1, 2));
  libunwind_.pcs = {1};
  rules_.pcs = {1, 3};
  EXPECT_EQ(Unwind(), UnwindEnd::kBadRules);
  EXPECT_THAT(pcs_, ElementsAre(1, 3));
  EXPECT_EQ(unwinder_->Use().taken, 0u);
}

TEST_F(FallbackTest, TakesAStackThatEndsBeforeTheRoot) {
  libunwind_ = {UnwindEnd::kNoRules, {1, 2, 3}};
  EXPECT_EQ(Unwind(), UnwindEnd::kNoRules);
  EXPECT_THAT(pcs_, ElementsAre(1, 2, 3));
}

TEST_F(FallbackTest, TriesAnAddressThatFailedOnceForEachLayoutOfTheProcess) {
  libunwind_ = {UnwindEnd::kBadFrame, {1, 2}};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Unwind(), UnwindEnd::kBadRules);
  EXPECT_EQ(unwinder_->Use().asked, 1u);
  EXPECT_EQ(unwinder_->Use().not_asked, 4u);
  rules_.pcs = {1, 9};
  libunwind_.pcs = {1, 9};
  Unwind();
  EXPECT_EQ(unwinder_->Use().asked, 2u) << "another address";
  process_.maps += "00500000-00504000 r-xp 00000000 08:01 8 /other\n";
  ASSERT_EQ(modules_.Refresh(), os::ReadResult::kOk);
  Unwind();
  EXPECT_EQ(unwinder_->Use().asked, 3u);
}

TEST_F(FallbackTest, ABlockedThreadsFailureIsNotARunningOnes) {
  libunwind_ = {UnwindEnd::kBadFrame, {1, 2}};
  snapshot_.SetCallRegisters(1, 2, 0);
  EXPECT_EQ(Unwind(), UnwindEnd::kBadRules);
  libunwind_ = {UnwindEnd::kComplete, {1, 2, 3}};
  EXPECT_EQ(Unwind(), UnwindEnd::kBadRules);
  snapshot_.SetRegisters({}, 0);
  EXPECT_EQ(Unwind(), UnwindEnd::kComplete);
}

TEST_F(FallbackTest, SaysThatALargerCopyWouldHelp) {
  libunwind_ = {UnwindEnd::kNoBytes, {1, 2}};
  EXPECT_EQ(Unwind(), UnwindEnd::kNoBytes);
  libunwind_ = {UnwindEnd::kComplete, {1, 2, 3}};
  EXPECT_EQ(Unwind(), UnwindEnd::kComplete);
}

TEST_F(FallbackTest, SaysOnceThatCodeIsUnknown) {
  libunwind_ = {UnwindEnd::kUnknownCode, {1, 2}};
  EXPECT_EQ(Unwind(), UnwindEnd::kUnknownCode);
  EXPECT_EQ(Unwind(), UnwindEnd::kBadRules) << "the maps are as they were";
}

TEST_F(FallbackTest, RemembersABoundedNumberOfFailures) {
  libunwind_ = {UnwindEnd::kBadFrame, {}};
  for (uint64_t pc = 0; pc < 3 * FallbackUnwinder::kMaxFailures; ++pc) {
    rules_.pcs = {pc};
    Unwind();
  }
  const uint64_t asked = unwinder_->Use().asked;
  EXPECT_EQ(asked, 3 * FallbackUnwinder::kMaxFailures);
  rules_.pcs = {0};
  Unwind();
  EXPECT_EQ(unwinder_->Use().asked, asked + 1) << "the first ones were forgotten";
}

#if defined(__x86_64__)

// A machine under load may be slow to give a thread a CPU.
constexpr os::StopPatience kPatience = {.asleep_ns = 20'000'000'000};

// A program of targets/ that stands in its leaf, stopped once, unwound in three ways.
class FallbackProgramTest : public testing::Test {
 protected:
  void Unwind(const std::string& name) {
    program_.emplace(
        support::Program::Start({absl::StrCat(LAMBENT_UNWIND_TARGETS, "/", name)}).value());
    ASSERT_TRUE(
        program_->CollectUntil([&] { return program_->out() == "ready\n"; }, absl::Seconds(20)));
    const int pid = program_->pid();
    files_ = proc_->OpenProcess(pid);
    memory_ = os::CreateProcMemory(pid);
    modules_.emplace(*files_, memory_.get());
    ASSERT_EQ(modules_->Refresh(), os::ReadResult::kOk);
    fallback_ = CreateFallbackUnwinder(*modules_, CreateRuleUnwinder(*modules_, memory_.get()));
    const auto control = os::CreateThreadControl();
    os::Registers registers;
    const os::StopResult stop = control->Stop(pid, kPatience, &registers);
    if (stop == os::StopResult::kRefused) GTEST_SKIP() << "ptrace is refused on this machine";
    ASSERT_EQ(stop, os::StopResult::kStopped);
    snapshot_.SetRegisters(registers, 0);
    ASSERT_GT(snapshot_.CopyStack(*memory_, snapshot_.capacity(), UINT64_MAX), 0u);
    control->Resume();
    by_rules_ = By(*CreateRuleUnwinder(*modules_, memory_.get()));
    by_libunwind_ = By(*CreateLibunwindUnwinder(*modules_));
    by_fallback_ = By(*fallback_);
  }

  struct Stack {
    UnwindEnd end = UnwindEnd::kBadFrame;
    std::vector<std::string> names;  // of the program's own functions
  };

  Stack By(Unwinder& unwinder) {
    Stack stack;
    Pcs pcs;
    stack.end = unwinder.Unwind(snapshot_, nullptr, 1024, &pcs);
    for (const uint64_t pc : pcs) {
      const ModuleAddress at = modules_->Find(pc);
      if (at.module == nullptr) continue;
      auto index = SymbolIndex::Create(*modules_->Open(*at.module));
      const std::string name(index.ok() ? (*index)->Find(at.address).name : "?");
      if (name.rfind("Case", 0) == 0 || name == "main" || name == "_start") {
        stack.names.push_back(name);
      }
    }
    return stack;
  }

  std::optional<support::Program> program_;
  std::unique_ptr<os::ProcFiles> proc_ = os::CreateProcFiles();
  std::unique_ptr<os::ProcessFiles> files_;
  std::unique_ptr<os::RemoteMemory> memory_;
  std::optional<ModuleTable> modules_;
  std::unique_ptr<FallbackUnwinder> fallback_;
  RawSnapshot snapshot_{64 * 1024};
  Stack by_rules_;
  Stack by_libunwind_;
  Stack by_fallback_;
};

TEST_F(FallbackProgramTest, FollowsRulesBeyondOurLimitsToTheRoot) {
  Unwind("fallback/rules_beyond_limits");
  if (IsSkipped() || HasFatalFailure()) return;
  EXPECT_EQ(by_rules_.end, UnwindEnd::kBadRules) << UnwindEndName(by_rules_.end);
  EXPECT_THAT(by_rules_.names, ElementsAre("CaseLargeLeaf", "CaseLargeRules"));
  EXPECT_EQ(by_fallback_.end, UnwindEnd::kComplete) << UnwindEndName(by_fallback_.end);
  EXPECT_THAT(by_fallback_.names,
              ElementsAre("CaseLargeLeaf", "CaseLargeRules", "CaseLargeOuter", "main", "_start"));
  EXPECT_EQ(fallback_->Use().taken, 1u);
}

TEST_F(FallbackProgramTest, NeverGuessesACaller) {
  Unwind("fallback/guess_beyond_limits");
  if (IsSkipped() || HasFatalFailure()) return;
  EXPECT_EQ(by_rules_.end, UnwindEnd::kBadRules) << UnwindEndName(by_rules_.end);
  EXPECT_THAT(by_libunwind_.names, testing::Contains("CaseNeverCalled")) << "no longer a trap";
  EXPECT_EQ(by_fallback_.end, UnwindEnd::kNoRules) << UnwindEndName(by_fallback_.end);
  EXPECT_THAT(by_fallback_.names,
              ElementsAre("CaseGuessLeaf", "CaseLargeRules", "CaseWithoutRules"));
}

#endif

}  // namespace
}  // namespace lambent
