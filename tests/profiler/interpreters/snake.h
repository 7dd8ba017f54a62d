// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "profiler/interpreters/cpython/cpython_reader.h"
#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/target/module_table.h"
#include "tests/support/emulation.h"
#include "tests/support/program.h"

namespace lambent::cpython {

// Interpreters called 3.`minor`: those of pyenv, then those in the usual places, and what
// get_python3_14.sh in this folder has brought.
inline std::vector<std::string> FindInterpreters(int minor) {
  namespace fs = std::filesystem;
  const std::string name = "python3." + std::to_string(minor);
  std::vector<std::string> found;
  std::error_code error;
  if (const char* home = std::getenv("HOME")) {
    for (const char* folder : {".pyenv/versions", ".cache/lambent"}) {
      for (const auto& entry : fs::directory_iterator(fs::path(home) / folder, error)) {
        const fs::path program = entry.path() / "bin" / name;
        if (fs::exists(program, error)) found.push_back(program);
      }
    }
  }
  for (const char* folder : {"/usr/local/bin/", "/usr/bin/", "/var/lang/bin/"}) {
    if (fs::exists(folder + name, error)) found.push_back(folder + name);
  }
  return found;
}

// A Python script that runs until it has said "ready", and a reader attached to it.
class Snake {
 public:
  Snake(const std::string& interpreter, const std::string& script)
      : Snake(std::vector<std::string>{interpreter}, script) {}
  Snake(std::vector<std::string> command, const std::string& script) {
    for (const char* word : {"-u", "-c"}) command.emplace_back(word);
    command.push_back(script);
    auto program = support::Program::Start(command);
    if (!program.ok()) return;
    program_.emplace(*std::move(program));
    program_->CollectUntil([&] { return Says("ready"); }, absl::Seconds(30));
    LookAt(program_->pid());
  }
  // Attaches to another process from now on: one that the script started.
  void LookAt(int32_t pid) {
    pid_ = pid;
    modules_.reset();
    process_ = files_->OpenProcess(pid);
    memory_ = os::CreateVmReadMemory(pid);
    modules_ = std::make_unique<ModuleTable>(*process_, memory_.get());
    modules_->Refresh();
  }

  bool WaitFor(std::string_view text) {
    return program_->CollectUntil([&] { return Says(text); }, absl::Seconds(30));
  }
  bool ready() const { return program_.has_value() && Says("ready"); }
  std::string output() const { return program_->out() + program_->err(); }
  int pid() const { return pid_; }
  os::RemoteMemory& memory() { return *memory_; }
  absl::StatusOr<std::unique_ptr<CPythonReader>> Attach() {
    return CPythonReader::Attach(pid(), *modules_, *memory_, strings_);
  }
  // The number the script printed after `key`.
  int32_t Number(std::string_view key) const {
    const size_t at = program_->out().find(key);
    return at == std::string::npos ? 0 : std::atoi(program_->out().c_str() + at + key.size());
  }
  // Waits for `tid` to be blocked, so that its stack stands still.
  bool WaitBlocked(int32_t tid) {
    const auto thread = process_->OpenThread(tid);
    for (int i = 0; i < 2000; ++i) {
      os::ThreadStat stat;
      if (thread->ReadStat(&stat) == os::ReadResult::kOk && stat.state == 'S') return true;
      program_->CollectUntil([] { return false; }, absl::Milliseconds(5));
    }
    return false;
  }
  // Names of the Python frames of `tid`, leaf first.
  std::vector<std::string> Names(CPythonReader& reader, int32_t tid) {
    RawPythonStack stack;
    if (!WaitBlocked(tid) || reader.Capture(tid, &stack) != CaptureResult::kOk) return {"?"};
    truncated_ = stack.truncated;
    return Decoded(reader, stack);
  }
  std::vector<std::string> Decoded(CPythonReader& reader, const RawPythonStack& stack) {
    reader.Decode(stack, /*lines=*/true, &frames_);
    std::vector<std::string> names;
    for (const PythonFrame& frame : frames_) names.emplace_back(strings_.Get(frame.name));
    return names;
  }
  std::string ThreadName(CPythonReader& reader, int32_t tid) const {
    return std::string(strings_.Get(reader.ThreadName(tid)));
  }
  const std::vector<PythonFrame>& frames() const { return frames_; }
  std::string File(size_t frame) const { return std::string(strings_.Get(frames_[frame].file)); }
  bool truncated() const { return truncated_; }

 private:
  bool Says(std::string_view text) const { return program_->out().find(text) != std::string::npos; }

  std::optional<support::Program> program_;
  std::unique_ptr<os::ProcFiles> files_ = os::CreateProcFiles();
  int32_t pid_ = 0;
  std::unique_ptr<os::ProcessFiles> process_;
  std::unique_ptr<os::RemoteMemory> memory_;
  std::unique_ptr<ModuleTable> modules_;
  StringTable strings_;
  std::vector<PythonFrame> frames_;
  bool truncated_ = false;
};

// Runs the body on every interpreter of the version.
class CPythonTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    LAMBENT_SKIP_IF_EMULATED();
    interpreters_ = FindInterpreters(GetParam());
    if (interpreters_.empty()) {
      GTEST_SKIP() << "no python3." << GetParam() << " on this machine";
    }
  }
  // co_qualname came with 3.11.
  std::string Qualified(const std::string& prefix, const std::string& name) const {
    return GetParam() >= 11 ? prefix + name : name;
  }
  std::vector<std::string> interpreters_;
};

}  // namespace lambent::cpython
