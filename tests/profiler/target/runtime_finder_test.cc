// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/runtime_finder.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tests/fakes/fake_process_files.h"

namespace lambent {
namespace {

constexpr char kApi[] = "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001";

// An execution environment: init (1), us (100) and a Python runtime (20).
class RuntimeFinderTest : public testing::Test {
 protected:
  void SetUp() override {
    Add(1, 0, "/var/rapid/init", {"AWS_EXECUTION_ENV=x"});
    Add(100, 1, "/opt/extensions/lambent", {kApi});
    Add(20, 1, "/var/lang/bin/python3.12", {"AWS_EXECUTION_ENV=AWS_Lambda_python3.12", kApi});
  }
  fakes::FakeProcess& Add(int32_t pid, int32_t parent, const std::string& exe,
                          std::vector<std::string> environment) {
    fakes::FakeProcess& process = proc_.processes[pid];
    process.stat = {.state = 'S', .parent = parent, .start_ticks = static_cast<uint64_t>(pid)};
    process.status.uid = 993;
    process.exe = exe;
    process.environment = std::move(environment);
    return process;
  }
  int32_t FoundPid() {
    RuntimeFinder finder(proc_, {.runtime_api = "127.0.0.1:9001"});
    const auto found = finder.Find();
    return found.has_value() ? found->pid : 0;
  }
  fakes::FakeProcFiles proc_;
};

TEST_F(RuntimeFinderTest, RuntimeIsFoundAmongTheOthers) { EXPECT_EQ(FoundPid(), 20); }

TEST_F(RuntimeFinderTest, NoneIsFoundBeforeItStarts) {
  proc_.processes.erase(20);
  EXPECT_EQ(FoundPid(), 0);
}

TEST_F(RuntimeFinderTest, ExtensionsAndOurChildrenAreNot) {
  proc_.processes.erase(20);
  Add(21, 1, "/opt/extensions/other", {"_HANDLER=x"});
  Add(22, 100, "/bin/tool", {"_HANDLER=x"});
  EXPECT_EQ(FoundPid(), 0);
}

TEST_F(RuntimeFinderTest, ProcessOfAnotherUserIsNot) {
  proc_.processes[20].status.uid = 0;
  EXPECT_EQ(FoundPid(), 0);
}

TEST_F(RuntimeFinderTest, ZombieAndUnreadableEnvironmentAreNot) {
  proc_.processes[20].stat.state = 'Z';
  EXPECT_EQ(FoundPid(), 0);
  proc_.processes[20].result = os::ReadResult::kRefused;
  EXPECT_EQ(FoundPid(), 0);
}

TEST_F(RuntimeFinderTest, ProcessesTheFunctionStartedAreNot) {
  Add(19, 20, "/usr/bin/node", {"AWS_EXECUTION_ENV=x", kApi});
  EXPECT_EQ(FoundPid(), 20);
}

TEST_F(RuntimeFinderTest, RuntimeBelowAShellIsPreferred) {
  Add(10, 1, "/bin/bash", {"AWS_EXECUTION_ENV=x", kApi});
  proc_.processes[20].stat.parent = 10;
  EXPECT_EQ(FoundPid(), 20);
}

TEST_F(RuntimeFinderTest, ShellIsTakenWhileItIsAlone) {
  proc_.processes[20].exe = "/bin/bash";
  EXPECT_EQ(FoundPid(), 20);
}

TEST_F(RuntimeFinderTest, FunctionOfAnotherEnvironmentIsPassedOver) {
  Add(15, 1, "/usr/bin/python3", {"AWS_EXECUTION_ENV=x", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:90011"});
  EXPECT_EQ(FoundPid(), 20);
}

TEST_F(RuntimeFinderTest, OthersAreNotAskedForTheirEnvironmentEachTime) {
  proc_.processes.erase(20);
  const fakes::FakeProcess& other = Add(15, 1, "/usr/bin/other", {"PATH=x"});
  RuntimeFinder finder(proc_, {});
  for (int call = 0; call < 1000; ++call) EXPECT_FALSE(finder.Find().has_value());
  EXPECT_LE(other.environment_reads, 1000 / static_cast<int>(RuntimeFinder::kMaxBelieved) + 6);
}

TEST_F(RuntimeFinderTest, AnotherThatExecsTheRuntimeIsFoundAtOnce) {
  fakes::FakeProcess& runtime = proc_.processes[20];
  const std::vector<std::string> environment = std::exchange(runtime.environment, {"PATH=x"});
  runtime.exe = "/var/rapid/init";
  RuntimeFinder finder(proc_, {});
  for (int call = 0; call < 100; ++call) EXPECT_FALSE(finder.Find().has_value());
  runtime.exe = "/var/lang/bin/python3.12";
  // In the middle of its exec, the environment is not there yet.
  runtime.environment.clear();
  EXPECT_FALSE(finder.Find().has_value());
  runtime.environment = environment;
  EXPECT_TRUE(finder.Find().has_value());
}

TEST_F(RuntimeFinderTest, TheSameFileExecutedWithOtherVariablesIsFoundSoon) {
  const std::vector<std::string> environment =
      std::exchange(proc_.processes[20].environment, {"PATH=x"});
  RuntimeFinder finder(proc_, {});
  for (int call = 0; call < 100; ++call) EXPECT_FALSE(finder.Find().has_value());
  proc_.processes[20].environment = environment;
  uint32_t calls = 1;
  while (calls <= 100 && !finder.Find().has_value()) ++calls;
  EXPECT_LE(calls, RuntimeFinder::kMaxBelieved);
}

TEST_F(RuntimeFinderTest, ExecAndEndAreNoticed) {
  RuntimeFinder finder(proc_, {});
  proc_.processes[20].exe = "/bin/bash";
  const auto found = finder.Find();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(finder.Check(*found), RuntimeFinder::Change::kNone);
  proc_.processes[20].exe = "/var/lang/bin/python3.12";
  EXPECT_EQ(finder.Check(*found), RuntimeFinder::Change::kExec);
  proc_.processes[20].stat.start_ticks = 999;
  EXPECT_EQ(finder.Check(*found), RuntimeFinder::Change::kGone);
  proc_.processes.erase(20);
  EXPECT_EQ(finder.Check(*found), RuntimeFinder::Change::kGone);
}

TEST(ChooseRuntimeTest, ParentsInACircleEnd) {
  std::vector<RuntimeCandidate> candidates(2);
  candidates[0] = {.pid = 2, .parent = 3, .exe = "/bin/sh", .has_function_variables = true};
  candidates[1] = {.pid = 3, .parent = 2, .exe = "/bin/sh", .has_function_variables = true};
  EXPECT_NE(ChooseRuntime(candidates), nullptr);
}

}  // namespace
}  // namespace lambent
