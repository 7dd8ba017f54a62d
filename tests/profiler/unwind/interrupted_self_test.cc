// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// This very thread, interrupted at random moments in functions that each hold one difficulty and
// unwound from there: every stack is one of those that the functions' calls make, down to _start.
// Needs no ptrace and no other process, so that it also runs where a machine is emulated.
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/process_files.h"
#include "profiler/symbols/symbol_index.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/unwind_with_libunwind.h"
#include "profiler/unwind/unwind_with_rules.h"
#include "tests/profiler/unwind/own_registers.h"
#include "tests/profiler/unwind/own_work.h"

namespace lambent {
namespace {

constexpr int kMoments = 150;
constexpr size_t kDepth = 1024;

struct Case {
  std::string name;
  void (*OwnWork::*work)();
  // The deepest of its stacks, leaf first, a recursion as one. At every moment there is a rest of
  // it: a caller that is left out shows.
  std::vector<std::string> calls;
  // Whether libunwind finds the same callers wherever it finds any.
  bool has_oracle = true;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const Case kCases[] = {
    {"Leaf", &OwnWork::leaf, {"OwnLeaf", "OwnLeafCaller", "OwnLeafRoot"}},
    {"RealignedStack",
     &OwnWork::realigned,
     {"OwnRealignedLeaf", "OwnRealignedFrame", "OwnRealignedRoot"}},
    {"LinkageStub", &OwnWork::linkage, {"OwnStubCaller", "OwnStubRoot"}, false},
    {"DeepRecursion",
     &OwnWork::recursion,
     {"OwnRecursionLeaf", "OwnRecursion", "OwnRecursionRoot"}},
    {"SignalFrameOnALeaf",
     &OwnWork::fault,
     {"OwnFaultWork", "OwnFaultHandler", "OwnFaultLeaf", "OwnFaultCaller", "OwnFaultRoot"},
     false},
    {"TailCall", &OwnWork::tail_call, {"OwnTail", "OwnTailRoot"}},
};

// Interrupts this thread and unwinds it in the handler: what is interrupted takes no lock.
class SelfInterruption {
 public:
  SelfInterruption()
      : proc_(os::CreateProcFiles()),
        files_(proc_->OpenProcess(getpid())),
        memory_(os::CreateProcMemory(getpid())),
        modules_(*files_, memory_.get()),
        rules_(CreateRuleUnwinder(modules_, memory_.get())),
        libunwind_(CreateLibunwindUnwinder(modules_)) {
    EXPECT_EQ(modules_.Refresh(), os::ReadResult::kOk);
    EXPECT_EQ(current_, nullptr);
    current_ = this;
    struct sigaction action {};
    action.sa_sigaction = &OnSignal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGALRM, &action, &before_);
  }
  ~SelfInterruption() {
    sigaction(SIGALRM, &before_, nullptr);
    current_ = nullptr;
  }

  struct Moment {
    UnwindEnd end = UnwindEnd::kBadFrame;
    std::vector<uint64_t> pcs;
    UnwindEnd oracle_end = UnwindEnd::kBadFrame;
    std::vector<uint64_t> oracle_pcs;
  };

  // Runs `work` until it was interrupted often enough.
  [[gnu::noinline]] const std::vector<Moment>& Interrupt(void (*work)()) {
    moments_.clear();
    moments_.reserve(kMoments);
    StartTimer();
    while (!Enough()) work();
    return moments_;
  }

  std::string NameOf(uint64_t pc) {
    const ModuleAddress at = modules_.Find(pc);
    if (at.module == nullptr) return "?";
    std::unique_ptr<SymbolIndex>& index = symbols_[at.module->path];
    if (index == nullptr) index = *SymbolIndex::Create(*modules_.Open(*at.module));
    const std::string_view name = index->Find(at.address).name;
    // clang calls a file's own functions as C++ does: _ZL7OwnLeafPKmj.
    const size_t own = name.find("Own");
    if (name.substr(0, 3) != "_ZL" || own == std::string_view::npos) return std::string(name);
    return std::string(name.substr(own, static_cast<size_t>(std::atoi(&name[3]))));
  }
  std::vector<std::string> NamesOf(const std::vector<uint64_t>& pcs) {
    std::vector<std::string> names;
    for (const uint64_t pc : pcs) names.push_back(NameOf(pc));
    return names;
  }

 private:
  static void OnSignal(int, siginfo_t*, void* context) {
    current_->Take(*static_cast<const ucontext_t*>(context));
  }

  void Take(const ucontext_t& context) {
    if (Enough()) return;
    snapshot_.SetRegisters(RegistersOf(context), 0);
    snapshot_.CopyStack(*memory_, snapshot_.capacity(), UINT64_MAX);
    Moment& moment = moments_.emplace_back();
    moment.end = rules_->Unwind(snapshot_, memory_.get(), kDepth, &moment.pcs);
    moment.oracle_end = libunwind_->Unwind(snapshot_, memory_.get(), kDepth, &moment.oracle_pcs);
    StartTimer();
  }

  // The next moment: not in step with anything.
  void StartTimer() {
    random_ = random_ * 1103515245 + 12345;
    const itimerval once{{0, 0}, {0, 50 + static_cast<suseconds_t>(random_ >> 16) % 500}};
    setitimer(ITIMER_REAL, &once, nullptr);
  }
  bool Enough() const { return moments_.size() >= kMoments; }

  static SelfInterruption* current_;

  std::unique_ptr<os::ProcFiles> proc_;
  std::unique_ptr<os::ProcessFiles> files_;
  std::unique_ptr<os::RemoteMemory> memory_;
  ModuleTable modules_;
  std::unique_ptr<RuleUnwinder> rules_;
  std::unique_ptr<Unwinder> libunwind_;
  RawSnapshot snapshot_{64 * 1024};
  std::vector<Moment> moments_;
  std::map<std::string, std::unique_ptr<SymbolIndex>> symbols_;
  struct sigaction before_ {};
  uint32_t random_ = 1;
};
SelfInterruption* SelfInterruption::current_ = nullptr;

bool EndsWith(const std::vector<std::string>& whole, const std::vector<std::string>& end) {
  return end.size() <= whole.size() && std::equal(end.rbegin(), end.rend(), whole.rbegin());
}

void ExpectTrueStacks(const OwnWork& table, const Case& expected) {
  SelfInterruption self;
  size_t deepest = 0;
  size_t compared = 0;
  size_t equal = 0;
  for (const SelfInterruption::Moment& moment : self.Interrupt(table.*expected.work)) {
    const std::vector<std::string> names = self.NamesOf(moment.pcs);
    std::vector<std::string> own;
    for (const std::string& name : names) {
      if (name.rfind("Own", 0) == 0) own.push_back(name);
    }
    const bool recursed = std::find(own.begin(), own.end(), "OwnRecursionLeaf") != own.end();
    EXPECT_EQ(std::count(own.begin(), own.end(), "OwnRecursion"),
              recursed ? kOwnRecursions : std::count(own.begin(), own.end(), "OwnRecursion"));
    own.erase(std::unique(own.begin(), own.end()), own.end());
    EXPECT_EQ(moment.end, UnwindEnd::kComplete) << UnwindEndName(moment.end);
    EXPECT_TRUE(EndsWith(expected.calls, own)) << absl::StrJoin(names, " < ");
    EXPECT_THAT(names, testing::Contains("main"));
    EXPECT_EQ(names.back(), "_start");
    deepest += own == expected.calls ? 1 : 0;
    if (moment.oracle_end != UnwindEnd::kComplete || !expected.has_oracle) continue;
    ++compared;
    equal += moment.oracle_pcs == moment.pcs ? 1 : 0;
  }
  EXPECT_GT(deepest, 0u) << "no stack was whole";
  testing::Test::RecordProperty("deepest", static_cast<int>(deepest));
  testing::Test::RecordProperty("oracle_complete", static_cast<int>(compared));
  testing::Test::RecordProperty("oracle_equal", static_cast<int>(equal));
}

class InterruptedSelfTest : public testing::TestWithParam<Case> {};

TEST_P(InterruptedSelfTest, StacksAreTrueAtEveryMoment) {
  ExpectTrueStacks(kPlainOwnWork, GetParam());
}

#if defined(__aarch64__)
TEST_P(InterruptedSelfTest, StacksAreTrueWhereReturnAddressesAreSigned) {
  ExpectTrueStacks(kSignedOwnWork, GetParam());
}
TEST_P(InterruptedSelfTest, StacksAreTrueWithFramePointersAlone) {
  ExpectTrueStacks(kBareOwnWork, GetParam());
}
#endif

INSTANTIATE_TEST_SUITE_P(Own, InterruptedSelfTest, testing::ValuesIn(kCases),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace lambent
