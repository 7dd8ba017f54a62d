// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Programs that each hold one difficulty, stopped at random moments: our stacks have the callers
// they must have, and are libunwind's frame by frame.
#include "tests/profiler/unwind/oracle.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/program.h"

namespace lambent {
namespace {

constexpr int kMoments = 200;

struct Case {
  std::string program;
  // Functions that stacks hold in this order, leaf first, perhaps with others between.
  std::vector<std::string> callers;
  // Of all stacks, how many hold them at least, percent: about half of what the program does there,
  // as a busy machine leaves it.
  int share = 0;
  // Calls between the program's own functions, "callee<caller<its caller": every two neighbours
  // among them, in every stack, are one of these. What need not be asked of an oracle.
  std::vector<std::string> calls;
  // Of all stacks, how many must reach the root, percent. Less than all where libraries have code
  // at which their rules are wrong for an instruction or two.
  int complete = 100;
  // Of all stacks, how many libunwind may fail to follow as far as we, percent.
  int beyond_oracle = 0;
  // Frames that are compared at least; 0 only where libunwind can follow nothing at all.
  int compared = 500;
  std::string root = "_start";  // the last of the program's own functions in a whole stack
  std::string names_from = "";  // the program that has this one's names
  // Of all stacks, how many may end at another function and count as whole, percent: where rules
  // are wrong for an instruction, what is found there may be 0, as at a root.
  int other_root = 0;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.program; }

bool HoldsInOrder(const std::vector<std::string>& names, const std::vector<std::string>& wanted) {
  auto next = wanted.begin();
  for (const std::string& name : names) {
    if (next != wanted.end() && name == *next) ++next;
  }
  return next == wanted.end();
}

// Those of the program's own functions, in order, without what the compiler adds to their names.
std::vector<std::string> Own(const std::vector<std::string>& names) {
  std::vector<std::string> own;
  for (const std::string& name : names) {
    if (name == "main" || name == "_start" || name.rfind("Case", 0) == 0) {
      own.push_back(name.substr(0, name.find('.')));
    }
  }
  return own;
}

// The neighbours in `own` that do not call each other, "" when all do.
std::string ImpossibleCall(const std::vector<std::string>& own, const Case& expected) {
  std::set<std::pair<std::string, std::string>> calls;
  for (const std::string& chain : expected.calls) {
    const std::vector<std::string> names = absl::StrSplit(chain, '<');
    for (size_t i = 0; i + 1 < names.size(); ++i) calls.emplace(names[i], names[i + 1]);
  }
  for (size_t i = 0; i + 1 < own.size(); ++i) {
    if (!calls.contains({own[i], own[i + 1]})) return absl::StrCat(own[i], "<", own[i + 1]);
  }
  return "";
}

class OracleTest : public testing::TestWithParam<Case> {};

TEST_P(OracleTest, AgreesAtRandomMoments) {
  const Case& expected = GetParam();
  const std::string path = absl::StrCat(LAMBENT_UNWIND_TARGETS, "/", expected.program);
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "it was not built: no musl-gcc here";
  auto program = support::Program::Start({path});
  ASSERT_TRUE(program.ok()) << program.status();
  ASSERT_TRUE(
      program->CollectUntil([&] { return program->out() == "ready\n"; }, absl::Seconds(20)));
  const auto seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  Oracle oracle(program->pid(),
                expected.names_from.empty()
                    ? ""
                    : absl::StrCat(LAMBENT_UNWIND_TARGETS, "/", expected.names_from));
  std::vector<int32_t> threads;
  int with_callers = 0;
  int other_roots = 0;
  std::string other_root;

  for (int moment = 0; moment < 10 * kMoments && oracle.stacks() < kMoments; ++moment) {
    absl::SleepFor(absl::Microseconds(random() % 400));  // chance picks the place
    oracle.ListThreads(&threads);
    if (!oracle.Sample(threads.back())) {  // the youngest: the others wait for it
      if (oracle.refused()) GTEST_SKIP() << "ptrace is refused on this machine";
      continue;
    }
    const std::vector<std::string> names = oracle.Names();
    if (HoldsInOrder(names, expected.callers)) ++with_callers;
    const std::vector<std::string> own = Own(names);
    EXPECT_EQ(ImpossibleCall(own, expected), "") << absl::StrJoin(names, " < ");
    if (oracle.last_complete() && (own.empty() || own.back() != expected.root)) {
      ++other_roots;
      other_root = absl::StrJoin(names, " < ");
    }
  }

  const auto stacks = static_cast<int>(oracle.stacks());
  ASSERT_GT(stacks, kMoments / 4) << oracle.Report();
  EXPECT_GE(with_callers * 100, stacks * expected.share)
      << absl::StrJoin(oracle.Names(), " < ") << "\n"
      << oracle.Report();
  EXPECT_GE(static_cast<int>(oracle.complete()) * 100, stacks * expected.complete)
      << oracle.Report();
  EXPECT_LE(other_roots * 100, stacks * expected.other_root) << other_root;
  EXPECT_LE(static_cast<int>(oracle.beyond_oracle()) * 100, stacks * expected.beyond_oracle)
      << oracle.Report();
  EXPECT_GE(static_cast<int>(oracle.frames()) * kMoments, expected.compared * stacks)
      << oracle.Report();
  EXPECT_GE(static_cast<double>(oracle.equal_frames()),
            0.999 * static_cast<double>(oracle.frames()))
      << oracle.Report();
  EXPECT_LT(oracle.rules().Use().memory_bytes, 512u * 1024);
  RecordProperty("stacks", stacks);
  RecordProperty("with_callers", with_callers);
  RecordProperty("frames", static_cast<int>(oracle.frames()));
  RecordProperty("equal_frames", static_cast<int>(oracle.equal_frames()));
}

const std::vector<std::string> kLibraryCalls = {"CaseCompare<CaseLibraryRound<main<_start"};

INSTANTIATE_TEST_SUITE_P(
    Programs, OracleTest,
    testing::Values(
        // The one between left no frame. It can only be the leaf, at its jump.
        Case{"tail_call",
             {"CaseTailLeaf", "CaseTailOuter", "main", "_start"},
             50,
             {"CaseTailLeaf<CaseTailOuter<main<_start", "CaseTailMiddle<CaseTailOuter"}},
        Case{"leaf_without_frame",
             {"CaseFramelessLeaf", "CaseFramelessCaller", "main", "_start"},
             30,
             {"CaseFramelessLeaf<CaseFramelessCaller<main<_start"}},
        Case{"alloca_frame",
             {"CaseAllocaLeaf", "CaseAllocaFrame", "main", "_start"},
             50,
             {"CaseAllocaLeaf<CaseAllocaFrame<main<_start"}},
        Case{"realigned_stack",
             {"CaseRealignedLeaf", "CaseRealignedFrame", "CaseRealignedOuter", "main", "_start"},
             25,
             {"CaseRealignedLeaf<CaseRealignedFrame<CaseRealignedOuter<main<_start",
              "CaseRealignedLeaf<CaseRealignedOuter"}},
        Case{"alternate_stack",
             {"CaseHandlerLeaf", "CaseHandler", "kill", "CaseInterrupted", "main", "_start"},
             8,
             {"CaseHandlerLeaf<CaseHandler<CaseInterrupted<main<_start"}},
        // Where the handler runs, libunwind ends at what it returns to.
        Case{"bare_trampoline",
             {"CaseBareLeaf", "CaseBareHandler", "kill", "CaseBareInterrupted", "main", "_start"},
             8,
             {"CaseBareLeaf<CaseBareHandler<CaseBareInterrupted<main<_start"},
             100,
             95,
             30},
        Case{"linkage_stub",
             {"CaseStubCaller", "main", "_start"},
             50,
             {"CaseStubCaller<main<_start"}},
        Case{"long_jump",
             {"CaseJumper", "CaseJumpTarget", "main", "_start"},
             30,
             {"CaseJumper<CaseJumper<CaseJumpTarget<main<_start"},
             100,
             10},
        Case{"vfork_child", {"CaseForker", "main", "_start"}, 80, {"CaseForker<main<_start"}},
        Case{"deep_recursion",
             {"CaseRecursion", "CaseRecursion", "CaseRecursion"},
             50,
             {"CaseRecursion<CaseRecursion<main<_start"},
             20,
             0,
             10000},
        // Just before _Unwind_Resume jumps into CaseCatcher that is what it returns to, and the
        // frame there is still CaseThrower's.
        Case{"exception_in_flight",
             {"CaseThrower", "CaseCatcher", "main", "_start"},
             40,
             {"CaseThrower<CaseThrower<CaseCatcher<main<_start", "CaseCatcher<CaseCatcher"},
             90,
             0,
             500,
             "_start",
             "",
             5},
        Case{"stack_overflow",
             {"CaseOverflow", "CaseOverflowRound", "main", "_start"},
             50,
             {"CaseOverflow<CaseOverflow<CaseOverflowRound<main<_start",
              "CaseOverflowHandler<CaseOverflow"},
             100,
             10,
             10000},
        Case{"code_without_rules",
             {"CaseBelowAssembly", "CaseAssembly", "CaseBelowGenerated", "?", "CaseAboveGenerated",
              "main", "_start"},
             50,
             {"CaseBelowAssembly<CaseAssembly<CaseBelowGenerated<CaseAboveGenerated<main<_start"},
             98,
             10},
        Case{"thread_root",
             {"CaseThreadLeaf", "CaseThreadStart"},
             60,
             {"CaseThreadLeaf<CaseThreadStart"},
             100,
             0,
             500,
             "CaseThreadStart"},
        Case{"library_reload",
             {"CaseLibraryUser", "main", "_start"},
             80,
             {"CaseLibraryUser<main<_start"},
             90,
             15},
        Case{"library_work", {"CaseLibraryRound", "main", "_start"}, 80, kLibraryCalls, 98, 5},
        Case{"prelinked_library",
             {"CasePrelinkedLeaf", "CasePrelinkedOuter", "main", "_start"},
             50,
             {"CasePrelinkedLeaf<CasePrelinkedOuter<main<_start"}},
        Case{"fixed_address", {"CaseLibraryRound", "main", "_start"}, 80, kLibraryCalls, 98, 5},
        Case{"static_program_with_table",
             {"CaseLibraryRound", "main", "_start"},
             80,
             kLibraryCalls,
             98,
             5},
        // Without the sorted table libunwind has no rules at all.
        Case{"static_program",
             {"CaseLibraryRound", "main", "_start"},
             80,
             kLibraryCalls,
             98,
             100,
             0},
        Case{"stripped_static_program",
             {"CaseLibraryRound", "main", "_start"},
             80,
             kLibraryCalls,
             98,
             100,
             0,
             "_start",
             "stripped_static_program_names"},
        // Its library has no rules, and no frame pointers to go on by: not for libunwind either.
        Case{"musl_program",
             {"CaseMuslLeaf", "CaseMuslRound", "main"},
             50,
             {"CaseMuslLeaf<CaseMuslRound<main<_start",
              "CaseMuslLeaf<CaseMuslHandler<CaseMuslRound", "CaseMuslCompare<CaseMuslRound"},
             0,
             100,
             0}),
    [](const auto& kind) { return kind.param.program; });

}  // namespace
}  // namespace lambent
