// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// The ladder over a Python process.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/temp_dir.h"
#include "tests/profiler/interpreters/snake.h"
#include "tests/profiler/stacks/ladder_fixture.h"

namespace lambent {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;

class LadderPythonTest : public LadderTest {};

// Stops threads, and tells registers that lead nowhere.
class LostControl final : public fakes::ForwardingThreadControl {
 public:
  os::StopResult Stop(int32_t tid, os::StopPatience patience, os::Registers* registers) override {
    const os::StopResult result = ForwardingThreadControl::Stop(tid, patience, registers);
    registers->values[os::Registers::kPc] = 0;
    return result;
  }
};

// Refuses to stop the threads there are, and not the one there is not, which is asked about first.
class FailingControl final : public fakes::ForwardingThreadControl {
 public:
  os::StopResult Stop(int32_t tid, os::StopPatience, os::Registers*) override {
    return tid == INT32_MAX ? os::StopResult::kGone : os::StopResult::kRefused;
  }
};

TEST_F(LadderPythonTest, ReadsARunningInterpreterWherePtraceIsRefused) {
  StartPython("spin");
  LadderParts parts = RealParts();
  parts.control = std::make_unique<RefusingControl>();
  AttachWith(std::move(parts));
  EXPECT_TRUE(AwaitLeaf("spin_leaf", Rung::kConsistentRead).has_value());
}

TEST_F(LadderPythonTest, ComparesCopiesWhereItMayNeitherChooseItsCpuNorStop) {
  StartPython("spin");
  LadderParts parts = RealParts();
  parts.affinity = std::make_unique<FixedAffinity>();
  parts.control = std::make_unique<RefusingControl>();
  AttachWith(std::move(parts));
  EXPECT_TRUE(AwaitLeaf("spin_leaf", Rung::kConsistentRead).has_value());
}

TEST_F(LadderPythonTest, StopsRatherThanComparesWhereItMayNotChooseItsCpu) {
  StartPython("flutter");
  LadderParts parts = RealParts();
  parts.affinity = std::make_unique<FixedAffinity>();
  AttachWith(std::move(parts));
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  ASSERT_TRUE(AwaitLeaf("leaf_a", Rung::kStop).has_value()) << Reasons();
  for (int tick = 0; tick < 100; ++tick) {
    for (const Seen& seen : Tick()) {
      EXPECT_NE(seen.sample.rung, Rung::kConsistentRead);
      if (seen.names.size() < 2 || seen.names[0].rfind("leaf_", 0) != 0) continue;
      EXPECT_EQ(seen.names[0].substr(5), seen.names[1].substr(5));
    }
  }
}

TEST_F(LadderPythonTest, NothingIsPartialWhereNativeFramesCannotBeHad) {
  StartPython("spin");
  LadderParts parts = RealParts();
  parts.control = std::make_unique<RefusingControl>();
  AttachWith(std::move(parts), {.native = NativeFrames::kAlways});
  const auto seen = AwaitLeaf("spin_leaf", Rung::kConsistentRead);
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_FALSE(seen->sample.partial);
}

TEST_F(LadderPythonTest, AStopThatFailedLeavesAPartialStack) {
  StartPython("spin");
  LadderParts parts = RealParts();
  parts.control = std::make_unique<FailingControl>();
  AttachWith(std::move(parts), {.native = NativeFrames::kAlways});
  // The first one; those after it know that stops are refused.
  const auto seen = AwaitRung(Rung::kConsistentRead);
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_TRUE(seen->sample.partial);
}

TEST_F(LadderPythonTest, AStopThatWasNotAskedForNativeFramesLeavesNone) {
  StartPython("spin");
  LadderParts parts = RealParts();
  parts.control = std::make_unique<FailingControl>();
  AttachWith(std::move(parts));
  const auto seen = AwaitLeaf("spin_leaf", Rung::kConsistentRead);
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_FALSE(seen->sample.partial);
}

TEST_F(LadderPythonTest, NativeFramesThatContradictThePythonOnesLeaveAPartialStack) {
  StartPython("spin");
  LadderParts parts = RealParts();
  parts.control = std::make_unique<LostControl>();
  AttachWith(std::move(parts), {.native = NativeFrames::kAlways});
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  const auto seen = AwaitLeaf("spin_leaf", Rung::kStop);
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_TRUE(seen->sample.partial);
}

// Calls a -> leaf_a and b -> leaf_b in turns, as fast as it can: a reader that mixes two moments
// shows a leaf under the other caller.
TEST_F(LadderPythonTest, ShowsNoStackThatNeverWas) {
  StartPython("flutter");
  Attach();
  ASSERT_TRUE(AwaitLeaf("leaf_a").has_value());
  int leaves = 0;
  // Looks that follow each other at once mostly find the thread where it was: on some runs it is
  // long in front of its leaves.
  for (int tick = 0; tick < 2000 || (leaves <= 100 && tick < 200'000); ++tick) {
    for (const Seen& seen : Tick()) {
      if (seen.names.empty() || seen.names[0].rfind("leaf_", 0) != 0) continue;
      ++leaves;
      ASSERT_GE(seen.names.size(), 2u);
      EXPECT_EQ(seen.names[0].substr(5), seen.names[1].substr(5)) << seen.names[1];
    }
  }
  EXPECT_GT(leaves, 100);
}

TEST_F(LadderPythonTest, ReadsARunningInterpreterWithoutStoppingIt) {
  StartPython("spin");
  Attach();
  const auto seen = AwaitLeaf("spin_leaf", Rung::kConsistentRead);
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(seen->names, ElementsAre("spin_leaf", "spin_middle", "main", "<module>"));
  EXPECT_EQ(seen->sample.stopped_ns, 0);
  EXPECT_EQ(seen->sample.state, ThreadState::kRunningWithLock);
  const Frame& leaf = seen->leaf;
  EXPECT_EQ(leaf.kind, FrameKind::kPython);
  EXPECT_THAT(std::string(ladder_->Describe(leaf).file), testing::EndsWith("python_target.py"));
  EXPECT_GT(ladder_->Describe(leaf).line, 0u);
}

TEST_F(LadderPythonTest, ReadsABlockedInterpreterThenFindsItUnchanged) {
  StartPython("sleep");
  Attach();
  const auto blocked = AwaitFunction("sleep_leaf", Rung::kBlocked);
  ASSERT_TRUE(blocked.has_value());
  EXPECT_THAT(FromFunction("sleep_leaf", blocked->names),
              ElementsAre("sleep_leaf", "sleep_middle", "main", "<module>"));
  EXPECT_FALSE(blocked->sample.partial);
  // The system call, and the C function that it was called from; before 3.11 they were select.
  EXPECT_EQ(blocked->leaf.kind, FrameKind::kSystemCall);
  EXPECT_EQ(blocked->sample.state, ThreadState::kBlocked);
  EXPECT_THAT(blocked->names[0], AnyOf("clock_nanosleep", "select", "pselect6", "restart_syscall"));
  EXPECT_THAT(blocked->names[1],
              AnyOf(testing::HasSubstr("nanosleep"), testing::HasSubstr("select")));
  const auto unchanged = AwaitRung(Rung::kUnchanged);
  ASSERT_TRUE(unchanged.has_value());
  EXPECT_EQ(unchanged->names, blocked->names);
}

TEST_F(LadderPythonTest, FollowsTheThreadsOfAnInterpreter) {
  StartPython("threads");
  Attach();
  EXPECT_TRUE(Await([](const Seen& s) { return s.names.size() > 1 && s.names[0] == "spin_leaf"; }));
  EXPECT_TRUE(Await([&](const Seen& s) {
    return s.sample.tid != ladder_->pid() && !FromFunction("sleep_leaf", s.names).empty();
  }));
}

TEST_F(LadderPythonTest, PutsCFunctionsInTheirPlaceBetweenPythonFrames) {
  Start({"/usr/bin/env", "LAMBENT_CALLBACK_LIBRARY=" LAMBENT_CALLBACK_LIBRARY, Python(),
         LAMBENT_PYTHON_TARGET, "callback"});
  Attach();
  const auto seen = AwaitFunction("sleep_leaf", Rung::kBlocked);
  ASSERT_TRUE(seen.has_value());
  std::vector<std::string> known;  // ctypes and libffi have functions of their own between these
  for (const std::string& name : FromFunction("sleep_leaf", seen->names)) {
    if (name.rfind("sleep_", 0) == 0 || name.rfind("Target", 0) == 0 || name == "callback" ||
        name == "main" || name == "<module>") {
      known.push_back(name);
    }
  }
  EXPECT_THAT(known, ElementsAre("sleep_leaf", "sleep_middle", "TargetCallBack", "TargetCallIn",
                                 "callback", "main", "<module>"))
      << testing::PrintToString(seen->names);
}

// As distributions ship it: only what libraries may call has a name.
class StrippedPythonTest : public LadderTest {
 protected:
  void SetUp() override {
    const support::Finished where =
        support::RunProgram({Python(), "-c",
                             "import os, sys; maps = open('/proc/self/maps').read().split(); "
                             "print(os.path.realpath(sys.executable), sys.prefix, "
                             "*sorted({m for m in maps if '/libpython3.' in m}))"});
    ASSERT_TRUE(where.ok()) << where.Describe();
    const std::vector<std::string> words = absl::StrSplit(absl::StripSuffix(where.out, "\n"), ' ');
    ASSERT_GE(words.size(), 2u);
    const bool is_library = words.size() > 2;
    const support::Finished strip = support::RunProgram(
        {"strip", "--strip-all", "-o", stripped_path_, words[is_library ? 2 : 0]});
    ASSERT_TRUE(strip.ok()) << strip.Describe();
    command_ = {"/usr/bin/env", "PYTHONHOME=" + words[1]};
    if (is_library) command_.push_back("LD_PRELOAD=" + stripped_path_);
    command_.push_back(is_library ? words[0] : stripped_path_);
    command_.push_back(LAMBENT_PYTHON_TARGET);
  }

  const os::TempDir folder_ = *os::TempDir::Create("lambent-stripped-");
  const std::string stripped_path_ = folder_.path() + "/python";
  std::vector<std::string> command_;
};

TEST_F(StrippedPythonTest, ShowsCFunctionsWithoutNamesInTheirPlace) {
  command_.push_back("sort");
  Start(command_);
  Attach();

  const auto seen = AwaitFunction("sleep_leaf", Rung::kBlocked);
  ASSERT_TRUE(seen.has_value()) << Reasons();

  std::vector<std::string> names = FromFunction("sleep_leaf", seen->names);
  const std::vector<std::string> sorted(std::find(names.begin(), names.end(), "sort_key"),
                                        std::find(names.begin(), names.end(), "sort_middle"));
  EXPECT_THAT(sorted, Contains(""));  // sorted() itself
  ASSERT_GE(seen->names.size(), 3u);
  EXPECT_EQ(seen->names[2], "") << "time.sleep(), which called the library and so the kernel";
  names.erase(std::remove(names.begin(), names.end(), ""), names.end());
  EXPECT_THAT(names, ElementsAre("sleep_leaf", "sort_key", "sort_middle", "main", "<module>"));
}

TEST_F(LadderPythonTest, TellsFramesApartByTheirLinesWhereThatIsWanted) {
  StartPython("spin");
  Attach({.lines = true});
  const auto seen = AwaitLeaf("spin_leaf", Rung::kConsistentRead);
  ASSERT_TRUE(seen.has_value());
  const FrameDescription leaf = ladder_->Describe(seen->leaf);
  EXPECT_THAT(leaf.current_line, AnyOf(leaf.line + 1, leaf.line + 2));  // while True: pass
  EXPECT_GT(leaf.line, 0u);
  Attach();
  const auto plain = AwaitLeaf("spin_leaf", Rung::kConsistentRead);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(ladder_->Describe(plain->leaf).current_line, 0u);
}

TEST_F(LadderPythonTest, LeavesNativeFramesOutWhereTheyAreNotWanted) {
  StartPython("sleep");
  Attach({.native = NativeFrames::kNever});
  const auto seen = AwaitRung(Rung::kBlocked);
  ASSERT_TRUE(seen.has_value());
  EXPECT_FALSE(seen->sample.partial);
  EXPECT_THAT(seen->names,
              ElementsAre(AnyOf("clock_nanosleep", "select", "pselect6", "restart_syscall"),
                          "sleep_leaf", "sleep_middle", "main", "<module>"));
}

TEST_F(LadderPythonTest, StopsARunningThreadForTheCFunctionItIsIn) {
  StartPython("compress");
  Attach({.native = NativeFrames::kAlways});
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  const auto seen = Await([](const Seen& s) {
    return s.sample.rung == Rung::kStop && s.leaf.kind == FrameKind::kNative &&
           !FromFunction("compress_leaf", s.names).empty();
  });
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_FALSE(seen->sample.partial);
  EXPECT_THAT(FromFunction("compress_leaf", seen->names),
              ElementsAre("compress_leaf", "main", "<module>"));
}

TEST_F(LadderPythonTest, FindsAnInterpreterThatStartsLater) {
  Start({"/bin/sh", "-c",
         "echo ready; sleep 0.2; exec python3 " + std::string(LAMBENT_PYTHON_TARGET) + " spin"});
  Attach();
  const auto seen =
      Await([](const Seen& s) { return !s.names.empty() && s.names[0] == "spin_leaf"; });
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_THAT(seen->names, ElementsAre("spin_leaf", "spin_middle", "main", "<module>"));
}

// Merged with native frames and without them: the mark is at the root of what runs there, and
// nowhere else.
TEST_F(LadderPythonTest, MarksWhatASubinterpreterRuns) {
  std::vector<std::string> interpreters;
  for (int minor = 10; minor <= cpython::kNewestMinor; ++minor) {
    for (const std::string& one : cpython::FindInterpreters(minor)) interpreters.push_back(one);
  }
  if (interpreters.empty()) GTEST_SKIP() << "no Python of 3.10 or later on this machine";
  for (const std::string& interpreter : interpreters) {
    SCOPED_TRACE(interpreter);
    for (const NativeFrames native : {NativeFrames::kNever, NativeFrames::kAlways}) {
      Start({interpreter, LAMBENT_PYTHON_TARGET, "subinterpreter"});
      if (HasFatalFailure()) return;
      Attach({.native = native});
      const auto within = Await([](const Seen& s) {
        return std::count(s.names.begin(), s.names.end(), "within_leaf") > 0 &&
               s.names.back() != "[truncated]";
      });
      ASSERT_TRUE(within.has_value()) << Reasons();
      EXPECT_THAT(FromFunction("within_leaf", within->names),
                  ElementsAre("within_leaf", "within", "<module>", "[subinterpreter 1]"));
      const auto main =
          Await([](const Seen& s) { return !FromFunction("sleep_leaf", s.names).empty(); });
      ASSERT_TRUE(main.has_value()) << Reasons();
      EXPECT_EQ(main->names.back(), "<module>");
    }
  }
}

}  // namespace
}  // namespace lambent
