// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Programs that each hold one difficulty, stopped at random moments: our stacks have the callers
// they must have, and are libunwind's frame by frame.
#include "tests/profiler/unwind/oracle.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/program.h"

namespace lambent {
namespace {

constexpr int kMoments = 200;

struct Case {
  std::string program;
  // Functions that some stacks hold in this order, leaf first, perhaps with others between.
  std::vector<std::string> callers;
  // Of all stacks, how many must reach the root, percent. Less than all where libraries have code
  // at which their rules are wrong for an instruction or two.
  int complete = 100;
  // Of all stacks, how many libunwind may fail to follow as far as we, percent.
  int beyond_oracle = 0;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.program; }

bool HoldsInOrder(const std::vector<std::string>& names, const std::vector<std::string>& wanted) {
  auto next = wanted.begin();
  for (const std::string& name : names) {
    if (next != wanted.end() && name == *next) ++next;
  }
  return next == wanted.end();
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
  Oracle oracle(program->pid());
  std::vector<int32_t> threads;
  int with_callers = 0;

  for (int moment = 0; moment < 10 * kMoments && oracle.stacks() < kMoments; ++moment) {
    absl::SleepFor(absl::Microseconds(random() % 400));  // chance picks the place
    oracle.ListThreads(&threads);
    if (!oracle.Sample(threads.back())) {  // the youngest: the others wait for it
      if (oracle.refused()) GTEST_SKIP() << "ptrace is refused on this machine";
      continue;
    }
    if (HoldsInOrder(oracle.Names(), expected.callers)) ++with_callers;
  }

  const auto stacks = static_cast<int>(oracle.stacks());
  ASSERT_GT(stacks, kMoments / 4) << oracle.Report();
  EXPECT_GT(with_callers, 0) << absl::StrJoin(oracle.Names(), " < ") << "\n" << oracle.Report();
  EXPECT_GE(static_cast<int>(oracle.complete()) * 100, stacks * expected.complete)
      << oracle.Report();
  EXPECT_LE(static_cast<int>(oracle.beyond_oracle()) * 100, stacks * expected.beyond_oracle)
      << oracle.Report();
  EXPECT_GE(static_cast<double>(oracle.equal_frames()),
            0.999 * static_cast<double>(oracle.frames()))
      << oracle.Report();
  EXPECT_LT(oracle.rules().Use().memory_bytes, 512u * 1024);
  RecordProperty("frames", static_cast<int>(oracle.frames()));
  RecordProperty("equal_frames", static_cast<int>(oracle.equal_frames()));
}

INSTANTIATE_TEST_SUITE_P(
    Programs, OracleTest,
    testing::Values(
        Case{"tail_call", {"CaseTailLeaf", "CaseTailOuter", "main", "_start"}},
        Case{"leaf_without_frame", {"CaseFramelessLeaf", "CaseFramelessCaller", "main", "_start"}},
        Case{"alloca_frame", {"CaseAllocaLeaf", "CaseAllocaFrame", "main", "_start"}},
        Case{"realigned_stack",
             {"CaseRealignedLeaf", "CaseRealignedFrame", "CaseRealignedOuter", "main", "_start"}},
        Case{"alternate_stack",
             {"CaseHandlerLeaf", "CaseHandler", "kill", "CaseInterrupted", "main", "_start"}},
        Case{"bare_trampoline",
             {"CaseBareLeaf", "CaseBareHandler", "kill", "CaseBareInterrupted", "main", "_start"},
             100,
             100},
        Case{"linkage_stub", {"CaseStubCaller", "main", "_start"}},
        Case{"long_jump", {"CaseJumper", "CaseJumpTarget", "main", "_start"}, 100, 10},
        Case{"vfork_child", {"CaseForker", "main", "_start"}},
        Case{"deep_recursion", {"CaseRecursion", "CaseRecursion", "CaseRecursion"}, 20},
        Case{"exception_in_flight", {"CaseThrower", "CaseCatcher", "main", "_start"}, 90},
        Case{"stack_overflow", {"CaseOverflow", "CaseOverflowRound", "main", "_start"}, 100, 10},
        Case{"code_without_rules",
             {"CaseBelowAssembly", "CaseAssembly", "CaseBelowGenerated", "?", "CaseAboveGenerated",
              "main", "_start"},
             98,
             10},
        Case{"thread_root", {"CaseThreadStart"}},
        Case{"library_reload", {"CaseLibraryUser", "main", "_start"}, 90, 15},
        Case{"library_work", {"CaseLibraryRound", "main", "_start"}, 98, 5},
        Case{"fixed_address", {"CaseLibraryRound", "main", "_start"}, 98, 5},
        Case{"static_program", {"CaseLibraryRound", "main", "_start"}, 98, 100},
        Case{"stripped_static_program", {}, 98, 100},
        // Its library has no rules, and no frame pointers to go on by.
        Case{"musl_program", {"CaseMuslLeaf", "CaseMuslRound", "main"}, 0, 100}),
    [](const auto& kind) { return kind.param.program; });

}  // namespace
}  // namespace lambent
