// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/child_process.h"

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

#include "profiler/os/loopback_socket.h"
#include "profiler/os/poll.h"
#include "profiler/os/program_path.h"
#include "profiler/os/temp_dir.h"
#include "profiler/os/thread_control.h"

namespace lambent::os {
namespace {

// For a thread to be given a CPU, on a busy machine.
constexpr StopPatience kPatience{.asleep_ns = 20'000'000};

constexpr int64_t kSecond = 1'000'000'000;

ChildSpec Shell(const std::string& script) {
  return {"/bin/sh", {"sh", "-c", script}, {"GREETING=hello"}, "/"};
}

// Everything until the end of the stream; waits at most ten seconds for each piece.
std::string ReadAll(int fd) {
  std::string text;
  while (true) {
    std::vector<PollEntry> entries = {{fd, /*want_read=*/true}};
    if (!Poll(entries, 10 * kSecond).ok() || !entries[0].readable) return text + "(timeout)";
    if (ReadAvailable(fd, 1 << 16, &text) == IoState::kEnd) return text;
  }
}

TEST(ChildProcessTest, HasItsOwnEnvironmentFolderAndOutput) {
  auto child = ChildProcess::Spawn(Shell("echo $GREETING; pwd; echo no >&2; exit 7"));
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(ReadAll(child->stdout_fd()), "hello\n/\n");
  EXPECT_EQ(ReadAll(child->stderr_fd()), "no\n");
  std::optional<ChildExit> exit;
  while (!exit.has_value()) exit = child->Reap();
  EXPECT_FALSE(exit->by_signal);
  EXPECT_EQ(exit->code, 7);
  EXPECT_FALSE(child->Reap().has_value()) << "reported once";
}

// The kernel reports it to every thread of the tracer's process.
TEST(ChildProcessTest, AStopByAnotherThreadOfOursIsNoEnd) {
  auto child = ChildProcess::Spawn(Shell("while :; do :; done"));
  ASSERT_TRUE(child.ok());
  std::promise<StopResult> stopped;
  std::promise<void> looked;
  std::thread tracer([&] {
    const auto control = CreateThreadControl();
    Registers registers;
    const StopResult result = control->Stop(child->pid(), kPatience, &registers);
    stopped.set_value(result);
    looked.get_future().wait();
    if (result == StopResult::kStopped) control->Resume();
  });
  const StopResult result = stopped.get_future().get();
  const bool ended = child->Reap().has_value();
  looked.set_value();
  tracer.join();
  if (result != StopResult::kStopped) GTEST_SKIP() << "ptrace is refused on this machine";
  EXPECT_FALSE(ended);
  EXPECT_FALSE(child->Reap().has_value());
}

TEST(ChildProcessTest, GroupIsKilledWithItsLeader) {
  auto child = ChildProcess::Spawn(Shell("sleep 1000 & echo $!; kill -9 $$"));
  ASSERT_TRUE(child.ok());
  std::optional<ChildExit> exit;
  while (!exit.has_value()) exit = child->Reap();
  EXPECT_TRUE(exit->by_signal);
  EXPECT_EQ(exit->code, 9);
  // The grandchild held the pipe; its end is the end of the stream.
  const std::string text = ReadAll(child->stdout_fd());
  EXPECT_EQ(text.find("(timeout)"), std::string::npos) << text;
}

TEST(ChildProcessTest, StopAndContinueReachTheProcess) {
  auto child = ChildProcess::Spawn(Shell("echo ready; read line; sleep 1000"));
  ASSERT_TRUE(child.ok());
  child->Signal(GroupSignal::kStop);
  EXPECT_FALSE(child->Reap().has_value()) << "a stop is not an end";
  child->Signal(GroupSignal::kContinue);
  child->Signal(GroupSignal::kKill);
  std::optional<ChildExit> exit;
  while (!exit.has_value()) exit = child->Reap();
  EXPECT_EQ(exit->code, 9);
}

TEST(ChildProcessTest, DestructionLeavesNoProcess) {
  int pid = 0;
  {
    auto child = ChildProcess::Spawn(Shell("exec sleep 1000"));
    ASSERT_TRUE(child.ok());
    pid = child->pid();
    EXPECT_TRUE(std::filesystem::exists("/proc/" + std::to_string(pid)));
  }
  EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(pid)));
}

TEST(ChildProcessTest, WhatCannotBeExecutedIsAnErrorWithItsCause) {
  EXPECT_EQ(ChildProcess::Spawn({"/no/such/program", {"x"}, {}, ""}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ChildProcess::Spawn({"/etc/passwd", {"x"}, {}, ""}).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(ChildProcess::Spawn({"/bin/sh", {"sh", "-c", ""}, {}, "/no/such/folder"}).ok());
}

TEST(ProgramPathTest, FindsExecutablesInPathOnly) {
  auto dir = TempDir::Create("lambent-path-test-");
  ASSERT_TRUE(dir.ok());
  const std::string tool = dir->path() + "/tool";
  std::ofstream(tool) << "#!/bin/sh\n";
  EXPECT_FALSE(FindProgram("tool", dir->path()).ok());
  std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  EXPECT_EQ(*FindProgram("tool", "/no/such:" + dir->path()), tool);
  EXPECT_EQ(*FindProgram("./tool", ""), "./tool");
}

TEST(TempDirTest, IsRemovedWithItsContents) {
  std::string path;
  {
    auto dir = TempDir::Create("lambent-temp-test-");
    ASSERT_TRUE(dir.ok());
    path = dir->path();
    std::ofstream(path + "/file") << "x";
    EXPECT_TRUE(std::filesystem::exists(path + "/file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace lambent::os
