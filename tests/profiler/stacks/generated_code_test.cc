// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/generated_code.h"

#include <signal.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/temp_dir.h"
#include "tests/fakes/fake_process_files.h"
#include "tests/profiler/stacks/ladder_fixture.h"

namespace lambent {
namespace {

Frame Unknown(uint64_t address) { return {.kind = FrameKind::kUnknown, .address = address}; }

class GeneratedCodeTest : public ::testing::Test {
 protected:
  std::string NameOf(const Frame& frame) { return std::string(strings_.Get(frame.name)); }

  fakes::FakeProcess process_{
      .status = {.namespace_pid = 7},
      .files = {{"/tmp/perf-7.map", "1000 20 work\n2000 20 py::f:app.py\n"}}};
  fakes::FakeProcessFiles files_{process_, 7};
  ModuleTable modules_{files_, nullptr};
  StringTable strings_;
  GeneratedCode code_{files_, modules_, strings_};
};

TEST_F(GeneratedCodeTest, NamesWhatLiesInNoFile) {
  Stack stack{Unknown(0x1010), Unknown(0x1100), {.kind = FrameKind::kTruncated}};
  code_.BeginTick(1);
  code_.Name(&stack);
  EXPECT_EQ(stack[0].kind, FrameKind::kNative);
  EXPECT_EQ(NameOf(stack[0]), "work");
  EXPECT_EQ(stack[0].address, 0x1000u) << "the function's, so that its addresses fold";
  EXPECT_EQ(stack[1], Unknown(0x1100)) << "what the map does not know stays as it is";
  EXPECT_EQ(stack[2], Frame{.kind = FrameKind::kTruncated});
}

TEST_F(GeneratedCodeTest, NamesAreThoseOfTheTick) {
  Stack before{Unknown(0x1010)};
  code_.BeginTick(1);
  code_.Name(&before);
  process_.files["/tmp/perf-7.map"] += "1000 20 replaced\n";
  Stack same_tick{Unknown(0x1010)};
  code_.Name(&same_tick);
  EXPECT_EQ(NameOf(same_tick[0]), "work") << "the file is read once a tick";
  Stack next{Unknown(0x1010)};
  code_.BeginTick(2);
  code_.Name(&next);
  EXPECT_EQ(NameOf(next[0]), "replaced");
  EXPECT_EQ(NameOf(before[0]), "work");
}

TEST_F(GeneratedCodeTest, PythonsTrampolinesAreHiddenBesideTheFunctionsTheyAreOf) {
  Stack native{Unknown(0x2010)};
  code_.BeginTick(1);
  code_.Name(&native);
  EXPECT_EQ(NameOf(native[0]), "py::f:app.py");
  EXPECT_FALSE(native[0].internal);
  Stack merged{{.kind = FrameKind::kPython, .name = strings_.Intern("f")}, Unknown(0x2010)};
  code_.Name(&merged);
  EXPECT_TRUE(merged[1].internal);
  EXPECT_FALSE(merged[0].internal);
}

TEST_F(GeneratedCodeTest, ForgetsWithTheProgram) {
  Stack stack{Unknown(0x1010)};
  code_.BeginTick(1);
  code_.Name(&stack);
  code_.Forget();
  Stack after{Unknown(0x1010)};
  code_.BeginTick(2);
  code_.Name(&after);
  EXPECT_EQ(after[0], Unknown(0x1010)) << "the map is of the program before";
}

class GeneratedCodeProgramTest : public LadderTest {
 protected:
  void TearDown() override {
    if (program_) std::remove(("/tmp/perf-" + std::to_string(program_->pid()) + ".map").c_str());
  }
};

TEST_F(GeneratedCodeProgramTest, IsNamedByThePerfMapAsItGrows) {
  Start({LAMBENT_JIT_TARGET});
  Attach();
  const auto first = AwaitLeaf("jit_first");
  ASSERT_TRUE(first.has_value()) << Reasons();
  EXPECT_EQ(first->leaf.kind, FrameKind::kNative);
  EXPECT_THAT(first->names, ::testing::IsSupersetOf({"JitCaller", "main"}));
  kill(program_->pid(), SIGUSR1);
  const auto second = Await([](const Seen& seen) {
    EXPECT_TRUE(seen.names.empty() ||
                (seen.names[0] != "jit_stale" && seen.names[0] != "jit_overwritten"));
    return !seen.names.empty() && seen.names[0] == "jit_second";
  });
  ASSERT_TRUE(second.has_value()) << Reasons();
  EXPECT_THAT(second->names, ::testing::IsSupersetOf({"JitCaller", "main"}));
}

// Tells of a stack where there is none, at first.
class HinderedControl final : public fakes::ForwardingThreadControl {
 public:
  explicit HinderedControl(int* left) : left_(*left) {}

  os::StopResult Stop(int32_t tid, os::StopPatience patience, os::Registers* registers) override {
    const os::StopResult result = ForwardingThreadControl::Stop(tid, patience, registers);
    if (left_ > 0 && result == os::StopResult::kStopped) {
      --left_;
      registers->values[os::Registers::kSp] = 8;
    }
    return result;
  }

 private:
  int& left_;
};

TEST_F(GeneratedCodeProgramTest, IsStillNamedAfterManyFailuresOfTheSameProgram) {
  Start({LAMBENT_JIT_TARGET});
  LadderParts parts = RealParts();
  int left = 40;
  parts.control = std::make_unique<HinderedControl>(&left);
  AttachWith(std::move(parts));
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  // By a stop: one that was let go may be read where it still stands, which nothing hinders.
  EXPECT_TRUE(AwaitLeaf("jit_first", Rung::kStop).has_value()) << Reasons();
  EXPECT_EQ(left, 0) << "it was hindered";
}

TEST_F(GeneratedCodeProgramTest, NodesCompiledFunctionsAreNamed) {
  if (std::system("node --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "node is not installed";
  const os::TempDir folder = *os::TempDir::Create("lambent-node-");  // for V8's own log
  Start({"/bin/sh", "-c",
         "cd " + folder.path() +
             " && exec node --perf-basic-prof -e 'function hotLoop(n) { let s = 0;"
             " for (let i = 0; i < n; i++) s = (s + i * i) % 1000003; return s; }"
             " console.log(\"ready\"); for (;;) hotLoop(1e6);'"});
  Attach();
  const auto seen = Await([](const Seen& one) {
    return !one.names.empty() && one.names[0].find("hotLoop") != std::string::npos;
  });
  ASSERT_TRUE(seen.has_value()) << Reasons();
  EXPECT_EQ(seen->leaf.kind, FrameKind::kNative);
}

}  // namespace
}  // namespace lambent
