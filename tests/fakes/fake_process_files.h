// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "profiler/os/process_files.h"

namespace lambent::fakes {

// What the files of one thread say. `result` answers every question.
struct FakeThread {
  os::ReadResult result = os::ReadResult::kOk;
  os::ReadResult call_result = os::ReadResult::kOk;  // of ReadCall alone
  os::ThreadStat stat;
  os::ThreadSchedule schedule;
  os::ThreadCall call;
  os::ThreadSwitches switches;
  std::string name;
};

// What the files of one process say. A test changes it while it is read.
struct FakeProcess {
  os::ReadResult result = os::ReadResult::kOk;
  os::ReadResult maps_result = os::ReadResult::kOk;  // of ReadMaps alone
  os::ProcessStat stat;
  os::ProcessStatus status;
  os::ProcessIo io;
  std::optional<int64_t> cpu_ns;  // none: the process's CPU clock is refused
  uint64_t resident_bytes = 0;
  int64_t open_files = 0;
  int64_t open_files_limit = 1024;
  std::string exe;
  std::string maps;
  std::vector<std::string> environment;  // "NAME=value"
  int environment_reads = 0;
  std::map<std::string, std::string> files;  // by path, as the process sees them
  std::map<int32_t, FakeThread> threads;
};

class FakeThreadFiles final : public os::ThreadFiles {
 public:
  FakeThreadFiles(FakeProcess& process, int32_t tid) : process_(process), tid_(tid) {}

  int32_t tid() const override { return tid_; }
  os::ReadResult ReadSchedule(os::ThreadSchedule* schedule) override {
    return Give(&FakeThread::schedule, schedule);
  }
  os::ReadResult ReadStat(os::ThreadStat* stat) override { return Give(&FakeThread::stat, stat); }
  os::ReadResult ReadCall(os::ThreadCall* call) override {
    const os::ReadResult result = Give(&FakeThread::call, call);
    return result == os::ReadResult::kOk ? process_.threads[tid_].call_result : result;
  }
  os::ReadResult ReadSwitches(os::ThreadSwitches* switches) override {
    return Give(&FakeThread::switches, switches);
  }
  os::ReadResult ReadName(std::string* name) override { return Give(&FakeThread::name, name); }

 private:
  template <typename T>
  os::ReadResult Give(T FakeThread::*field, T* value) {
    const auto thread = process_.threads.find(tid_);
    if (thread == process_.threads.end()) return os::ReadResult::kGone;
    if (thread->second.result == os::ReadResult::kOk) *value = thread->second.*field;
    return thread->second.result;
  }

  FakeProcess& process_;
  const int32_t tid_;
};

class FakeProcessFiles final : public os::ProcessFiles {
 public:
  FakeProcessFiles(FakeProcess& process, int32_t pid) : process_(process), pid_(pid) {}

  int32_t pid() const override { return pid_; }
  os::ReadResult ListThreads(std::vector<int32_t>* tids) override {
    tids->clear();
    for (const auto& [tid, thread] : process_.threads) tids->push_back(tid);
    return process_.result;
  }
  os::ReadResult CountThreads(int64_t* count) override {
    *count = static_cast<int64_t>(process_.threads.size());
    return process_.result;
  }
  std::unique_ptr<os::ThreadFiles> OpenThread(int32_t tid) override {
    return std::make_unique<FakeThreadFiles>(process_, tid);
  }
  os::ReadResult ReadStat(os::ProcessStat* v) override { return Give(process_.stat, v); }
  os::ReadResult ReadResidentBytes(uint64_t* v) override {
    return Give(process_.resident_bytes, v);
  }
  os::ReadResult ReadCpuNs(int64_t* v) override {
    return process_.cpu_ns.has_value() ? Give(*process_.cpu_ns, v) : os::ReadResult::kRefused;
  }
  os::ReadResult ReadStatus(os::ProcessStatus* v) override { return Give(process_.status, v); }
  os::ReadResult ReadIo(os::ProcessIo* v) override { return Give(process_.io, v); }
  os::ReadResult CountOpenFiles(int64_t* v) override { return Give(process_.open_files, v); }
  os::ReadResult ReadOpenFilesLimit(int64_t* v) override {
    return Give(process_.open_files_limit, v);
  }
  os::ReadResult ReadMaps(std::string* v) override {
    return process_.maps_result == os::ReadResult::kOk ? Give(process_.maps, v)
                                                       : process_.maps_result;
  }
  os::ReadResult ReadExe(std::string* v) override { return Give(process_.exe, v); }
  os::ReadResult HasVariable(absl::Span<const std::string_view> names, bool* found) override {
    *found = false;
    ++process_.environment_reads;
    for (std::string variable : process_.environment) {
      variable.push_back('\0');
      for (std::string_view name : names) {
        *found |= variable.compare(0, name.size(), name.data(), name.size()) == 0;
      }
    }
    return process_.result;
  }
  absl::StatusOr<std::unique_ptr<os::FileBytes>> OpenFile(std::string_view path) const override {
    const auto file = process_.files.find(std::string(path));
    if (file == process_.files.end()) return absl::NotFoundError("opening a file: no such file");
    return std::make_unique<os::MemoryFileBytes>(file->second);
  }
  absl::StatusOr<std::unique_ptr<os::FileBytes>> OpenWritten(std::string_view path) override {
    const auto old = before_exec_.find(std::string(path));
    const auto file = process_.files.find(std::string(path));
    if (old != before_exec_.end() && file != process_.files.end() && old->second == file->second) {
      return absl::FailedPreconditionError("opening a file: left over from before");
    }
    return OpenFile(path);
  }
  void NoteExec() override { before_exec_ = process_.files; }
  absl::StatusOr<std::unique_ptr<os::FileBytes>> OpenMapped(uint64_t, uint64_t) const override {
    return absl::PermissionDeniedError("opening a mapped file: not permitted");
  }

 private:
  template <typename T>
  os::ReadResult Give(const T& from, T* to) const {
    if (process_.result == os::ReadResult::kOk) *to = from;
    return process_.result;
  }

  FakeProcess& process_;
  const int32_t pid_;
  std::map<std::string, std::string> before_exec_;  // files that the program before left
};

// A /proc made of values. What is not in `processes` is gone. Thread-compatible.
class FakeProcFiles final : public os::ProcFiles {
 public:
  std::map<int32_t, FakeProcess> processes;
  std::map<std::string, std::string> texts;  // "net/dev"
  int32_t self_pid = 100;

  os::ReadResult ListProcesses(std::vector<int32_t>* pids) override {
    pids->clear();
    for (const auto& [pid, process] : processes) pids->push_back(pid);
    return os::ReadResult::kOk;
  }
  std::unique_ptr<os::ProcessFiles> OpenProcess(int32_t pid) override {
    const auto process = processes.find(pid);
    return std::make_unique<FakeProcessFiles>(process == processes.end() ? none_ : process->second,
                                              pid);
  }
  os::ReadResult ReadText(std::string_view name, std::string* text) override {
    const auto found = texts.find(std::string(name));
    if (found == texts.end()) return os::ReadResult::kGone;
    *text = found->second;
    return os::ReadResult::kOk;
  }
  int32_t SelfPid() const override { return self_pid; }

 private:
  FakeProcess none_{.result = os::ReadResult::kGone};
};

}  // namespace lambent::fakes
