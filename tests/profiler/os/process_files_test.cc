// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/process_files.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "profiler/os/clock.h"
#include "profiler/os/temp_dir.h"
#include "tests/support/emulation.h"

namespace lambent::os {
namespace {

using testing::ElementsAre;

// A folder that looks like /proc, made of plain files.
class ProcTree : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("lambent-proc-");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<TempDir>(*std::move(folder));
    proc_ = CreateProcFiles(folder_->path());
  }
  void Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_->path() + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::unique_ptr<TempDir> folder_;
  std::unique_ptr<ProcFiles> proc_;
};

TEST_F(ProcTree, OnlyNumbersAreProcesses) {
  Write("12/stat", "");
  Write("3/stat", "");
  Write("self/stat", "");
  Write("12x/stat", "");
  std::vector<int32_t> pids;
  ASSERT_EQ(proc_->ListProcesses(&pids), ReadResult::kOk);
  EXPECT_THAT(pids, ElementsAre(3, 12));
}

TEST_F(ProcTree, MissingProcessIsGone) {
  const auto process = proc_->OpenProcess(5);
  ProcessStat stat;
  std::vector<int32_t> tids;
  std::string text;
  EXPECT_EQ(process->ReadStat(&stat), ReadResult::kGone);
  EXPECT_EQ(process->ListThreads(&tids), ReadResult::kGone);
  EXPECT_EQ(process->ReadMaps(&text), ReadResult::kGone);
  EXPECT_EQ(process->ReadExe(&text), ReadResult::kGone);
  EXPECT_EQ(process->OpenFile("/bin/sh").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ProcTree, MalformedSchedstatIsSaid) {
  Write("5/task/6/schedstat", "one two three\n");
  ThreadSchedule schedule;
  EXPECT_EQ(proc_->OpenProcess(5)->OpenThread(6)->ReadSchedule(&schedule), ReadResult::kMalformed);
}

TEST_F(ProcTree, KeptFileIsReadAnewEachTime) {
  Write("5/task/6/schedstat", "1 2 3\n");
  const auto process = proc_->OpenProcess(5);
  const auto thread = process->OpenThread(6);
  ThreadSchedule schedule;
  ASSERT_EQ(thread->ReadSchedule(&schedule), ReadResult::kOk);
  Write("5/task/6/schedstat", "4 5 6\n");
  ASSERT_EQ(thread->ReadSchedule(&schedule), ReadResult::kOk);
  EXPECT_EQ(schedule, (ThreadSchedule{4, 5, 6}));
}

TEST_F(ProcTree, VariableIsOnlyFoundAtItsStart) {
  Write("5/environ", std::string("A=x _HANDLER=y\0AWS_EXECUTION_ENV=z\0API=1:23\0", 44));
  const auto process = proc_->OpenProcess(5);
  const auto has = [&](std::string_view name) {
    bool found = false;
    EXPECT_EQ(process->HasVariable({&name, 1}, &found), ReadResult::kOk);
    return found;
  };
  EXPECT_FALSE(has("_HANDLER="));
  EXPECT_TRUE(has("AWS_EXECUTION_ENV="));
  EXPECT_TRUE(has(std::string_view("API=1:23\0", 9)));
  EXPECT_FALSE(has(std::string_view("API=1:2\0", 8)));
}

TEST_F(ProcTree, NameKeepsItsBlanks) {
  Write("5/task/6/comm", "my  thread\n");
  std::string name;
  ASSERT_EQ(proc_->OpenProcess(5)->OpenThread(6)->ReadName(&name), ReadResult::kOk);
  EXPECT_EQ(name, "my  thread");
}

TEST_F(ProcTree, CpuClockIsOnlyReadOfTheKernelsOwnProcesses) {
  int64_t cpu_ns = 0;
  EXPECT_EQ(proc_->OpenProcess(proc_->SelfPid())->ReadCpuNs(&cpu_ns), ReadResult::kRefused);
}

TEST(ProcessFilesTest, CpuClockIsThatOfTheProcess) {
  const auto proc = CreateProcFiles();
  const int64_t before_ns = RealClock().SelfCpuNs();
  int64_t cpu_ns = 0;
  ASSERT_EQ(proc->OpenProcess(proc->SelfPid())->ReadCpuNs(&cpu_ns), ReadResult::kOk);
  EXPECT_GE(cpu_ns, before_ns);
  EXPECT_LE(cpu_ns, RealClock().SelfCpuNs());
  // Beyond the largest pid there can be (PID_MAX_LIMIT, 2^22).
  EXPECT_EQ(proc->OpenProcess(1 << 23)->ReadCpuNs(&cpu_ns), ReadResult::kGone);
}

TEST(ProcessFilesTest, ThreadsAreCountedAsTheyAreListed) {
  const auto proc = CreateProcFiles();
  const auto self = proc->OpenProcess(proc->SelfPid());
  int64_t count = 0;
  EXPECT_EQ(self->CountThreads(&count), ReadResult::kRefused);  // not listed before
  std::vector<int32_t> tids;
  ASSERT_EQ(self->ListThreads(&tids), ReadResult::kOk);
  ASSERT_EQ(self->CountThreads(&count), ReadResult::kOk);
  EXPECT_EQ(count, static_cast<int64_t>(tids.size()));
  absl::Notification done;
  std::thread another([&done] { done.WaitForNotification(); });
  EXPECT_EQ(self->CountThreads(&count), ReadResult::kOk);
  EXPECT_EQ(count, static_cast<int64_t>(tids.size()) + 1);
  done.Notify();
  another.join();
}

TEST(ProcessFilesTest, OwnProcessIsReadable) {
  LAMBENT_SKIP_IF_EMULATED();
  const auto proc = CreateProcFiles();
  const auto self = proc->OpenProcess(proc->SelfPid());
  std::vector<int32_t> tids;
  ASSERT_EQ(self->ListThreads(&tids), ReadResult::kOk);
  EXPECT_THAT(tids, testing::Contains(proc->SelfPid()));
  ProcessStat stat;
  ASSERT_EQ(self->ReadStat(&stat), ReadResult::kOk);
  EXPECT_GE(stat.threads, 1);
  uint64_t resident = 0;
  ASSERT_EQ(self->ReadResidentBytes(&resident), ReadResult::kOk);
  EXPECT_GT(resident, 100'000u);
  ProcessIo io;
  EXPECT_EQ(self->ReadIo(&io), ReadResult::kOk);
  int64_t files = 0;
  ASSERT_EQ(self->CountOpenFiles(&files), ReadResult::kOk);
  EXPECT_GE(files, 3);
  std::string exe;
  ASSERT_EQ(self->ReadExe(&exe), ReadResult::kOk);
  EXPECT_TRUE(self->OpenFile(exe).ok());
  const auto thread = self->OpenThread(proc->SelfPid());
  ThreadStat thread_stat;
  ASSERT_EQ(thread->ReadStat(&thread_stat), ReadResult::kOk);
  EXPECT_EQ(thread_stat.state, 'R');
  ThreadSwitches switches;
  EXPECT_EQ(thread->ReadSwitches(&switches), ReadResult::kOk);
}

TEST_F(ProcTree, AfterExecTheUserOfWrittenFilesIsReadAgain) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  // Started at boot.
  Write("5/stat", "5 (a) S 1 5 5 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 0 0 0\n");
  Write("5/status", "Tgid:\t5\nPPid:\t1\nUid:\t4241\t4241\t4241\t4241\n");
  Write("5/root/tmp/map", "1000 10 f\n");
  ASSERT_EQ(chown((folder_->path() + "/5/root/tmp/map").c_str(), 4242, 4242), 0);
  const auto process = proc_->OpenProcess(5);
  EXPECT_THAT(std::string(process->OpenWritten("/tmp/map").status().message()),
              testing::HasSubstr("of another user"));
  Write("5/status", "Tgid:\t5\nPPid:\t1\nUid:\t4242\t4242\t4242\t4242\n");
  process->NoteExec();
  for (int i = 0; i < 10'000 && !process->OpenWritten("/tmp/map").ok(); ++i) {
    Write("5/root/tmp/map", "1000 10 f\n");
  }
  EXPECT_TRUE(process->OpenWritten("/tmp/map").ok()) << process->OpenWritten("/tmp/map").status();
}

class WrittenFileTest : public testing::Test {
 protected:
  void Write(const std::string& name) { std::ofstream(Path(name)) << "1000 10 f\n"; }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  absl::Status Open(const std::string& name) { return self_->OpenWritten(Path(name)).status(); }

  const TempDir folder_ = *TempDir::Create("lambent-written-");
  const std::unique_ptr<ProcFiles> proc_ = CreateProcFiles();
  const std::unique_ptr<ProcessFiles> self_ = proc_->OpenProcess(proc_->SelfPid());
};

TEST_F(WrittenFileTest, IsOpenedWhenTheProcessMayHaveWrittenIt) {
  EXPECT_EQ(Open("map").code(), absl::StatusCode::kNotFound);
  Write("map");
  EXPECT_TRUE(Open("map").ok()) << Open("map");
}

TEST_F(WrittenFileTest, IsRefusedWhenItWasThereBefore) {
  Write("map");
  const auto before = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::filesystem::last_write_time(Path("map"), before);
  EXPECT_THAT(std::string(Open("map").message()), testing::HasSubstr("left over"));
}

TEST_F(WrittenFileTest, IsRefusedAfterExecUntilItIsWrittenAgain) {
  Write("map");
  ASSERT_TRUE(Open("map").ok()) << Open("map");
  self_->NoteExec();
  EXPECT_THAT(std::string(Open("map").message()), testing::HasSubstr("left over"));
  // Files are stamped by a clock that lags.
  for (int i = 0; i < 10'000 && !Open("map").ok(); ++i) Write("map");
  EXPECT_TRUE(Open("map").ok()) << Open("map");
}

TEST_F(WrittenFileTest, IsRefusedWhenItIsNotAFileOfItsOwn) {
  Write("other");
  std::filesystem::create_symlink(Path("other"), Path("link"));
  EXPECT_THAT(std::string(Open("link").message()), testing::HasSubstr("a symbolic link"));
  std::filesystem::create_directory(Path("folder"));
  EXPECT_EQ(Open("folder").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(WrittenFileTest, IsRefusedWhenItIsOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  Write("map");
  ASSERT_EQ(chown(Path("map").c_str(), 4242, 4242), 0);
  EXPECT_THAT(std::string(Open("map").message()), testing::HasSubstr("of another user"));
}

}  // namespace
}  // namespace lambent::os
