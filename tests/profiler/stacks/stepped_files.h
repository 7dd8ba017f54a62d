// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "profiler/os/process_files.h"
#include "tests/profiler/stacks/steps.h"

namespace lambent {
class SteppedThreadFiles final : public os::ThreadFiles {
 public:
  SteppedThreadFiles(std::unique_ptr<os::ThreadFiles> files, Steps& steps)
      : files_(std::move(files)), steps_(steps) {}
  int32_t tid() const override { return files_->tid(); }
  os::ReadResult ReadSchedule(os::ThreadSchedule* schedule) override {
    return steps_.Take(), files_->ReadSchedule(schedule);
  }
  os::ReadResult ReadStat(os::ThreadStat* stat) override {
    return steps_.Take(), files_->ReadStat(stat);
  }
  os::ReadResult ReadCall(os::ThreadCall* call) override {
    return steps_.Take(), files_->ReadCall(call);
  }
  os::ReadResult ReadSwitches(os::ThreadSwitches* switches) override {
    return steps_.Take(), files_->ReadSwitches(switches);
  }
  os::ReadResult ReadName(std::string* name) override {
    return steps_.Take(), files_->ReadName(name);
  }

 private:
  std::unique_ptr<os::ThreadFiles> files_;
  Steps& steps_;
};

class SteppedProcessFiles final : public os::ProcessFiles {
 public:
  SteppedProcessFiles(std::unique_ptr<os::ProcessFiles> files, Steps& steps)
      : files_(std::move(files)), steps_(steps) {}
  int32_t pid() const override { return files_->pid(); }
  os::ReadResult ListThreads(std::vector<int32_t>* tids) override {
    return steps_.Take(), files_->ListThreads(tids);
  }
  os::ReadResult CountThreads(int64_t* count) override {
    return steps_.Take(), files_->CountThreads(count);
  }
  std::unique_ptr<os::ThreadFiles> OpenThread(int32_t tid) override {
    steps_.Take();
    return std::make_unique<SteppedThreadFiles>(files_->OpenThread(tid), steps_);
  }
  os::ReadResult ReadStat(os::ProcessStat* stat) override {
    return steps_.Take(), files_->ReadStat(stat);
  }
  os::ReadResult ReadResidentBytes(uint64_t* bytes) override {
    return steps_.Take(), files_->ReadResidentBytes(bytes);
  }
  os::ReadResult ReadCpuNs(int64_t* cpu_ns) override {
    return steps_.Take(), files_->ReadCpuNs(cpu_ns);
  }
  os::ReadResult ReadStatus(os::ProcessStatus* status) override {
    return steps_.Take(), files_->ReadStatus(status);
  }
  os::ReadResult ReadIo(os::ProcessIo* io) override { return steps_.Take(), files_->ReadIo(io); }
  os::ReadResult CountOpenFiles(int64_t* count) override {
    return steps_.Take(), files_->CountOpenFiles(count);
  }
  os::ReadResult ReadOpenFilesLimit(int64_t* limit) override {
    return steps_.Take(), files_->ReadOpenFilesLimit(limit);
  }
  os::ReadResult ReadMaps(std::string* text) override {
    return steps_.Take(), files_->ReadMaps(text);
  }
  os::ReadResult ReadExe(std::string* path) override {
    return steps_.Take(), files_->ReadExe(path);
  }
  os::ReadResult HasVariable(absl::Span<const std::string_view> names, bool* found) override {
    return steps_.Take(), files_->HasVariable(names, found);
  }
  absl::StatusOr<std::unique_ptr<os::FileBytes>> OpenFile(std::string_view path) const override {
    return steps_.Take(), files_->OpenFile(path);
  }
  absl::StatusOr<std::unique_ptr<os::FileBytes>> OpenWritten(std::string_view path) override {
    return steps_.Take(), files_->OpenWritten(path);
  }
  void NoteExec() override { files_->NoteExec(); }
  absl::StatusOr<std::unique_ptr<os::FileBytes>> OpenMapped(uint64_t start,
                                                            uint64_t end) const override {
    return steps_.Take(), files_->OpenMapped(start, end);
  }

 private:
  std::unique_ptr<os::ProcessFiles> files_;
  Steps& steps_;
};

class SteppedProcFiles final : public os::ProcFiles {
 public:
  explicit SteppedProcFiles(Steps& steps) : steps_(steps) {}
  os::ReadResult ListProcesses(std::vector<int32_t>* pids) override {
    return steps_.Take(), proc_->ListProcesses(pids);
  }
  std::unique_ptr<os::ProcessFiles> OpenProcess(int32_t pid) override {
    return std::make_unique<SteppedProcessFiles>(proc_->OpenProcess(pid), steps_);
  }
  os::ReadResult ReadText(std::string_view name, std::string* text) override {
    return steps_.Take(), proc_->ReadText(name, text);
  }
  int32_t SelfPid() const override { return proc_->SelfPid(); }

 private:
  std::unique_ptr<os::ProcFiles> proc_ = os::CreateProcFiles();
  Steps& steps_;
};

}  // namespace lambent
