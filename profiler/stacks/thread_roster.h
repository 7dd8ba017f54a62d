// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "profiler/base/string_table.h"
#include "profiler/os/process_files.h"
#include "profiler/stacks/interpreter_stacks.h"
#include "profiler/stacks/observed_thread.h"

namespace lambent {

// Which threads the process has, and what is remembered of each. Keeps at most a fixed number: each
// keeps up to four descriptors open, and a process's limit is often 1,024. Confined to the sampler
// thread.
class ThreadRoster {
 public:
  // `files` and `names` must outlive this. `on_exit` hears of threads that have ended.
  ThreadRoster(os::ProcessFiles& files, StringTable& names, size_t max_threads,
               std::function<void(int32_t)> on_exit);

  // Reads the list of threads again when their number changed, every few ticks, and after
  // ExpectChange(). kGone: the process has ended.
  os::ReadResult Refresh();
  void ExpectChange() { expect_change_ = true; }

  // Threads followed, by id. A thread stays until it is seen to have ended, or Remove().
  std::map<int32_t, ObservedThread>& threads() { return threads_; }
  void Remove(int32_t tid);

  // Time of threads that have ended which was to be accounted for at their next observation.
  struct Owed {
    int32_t tid = 0;
    StringId name{};
    int64_t wall_ns = 0;
    int64_t cpu_ns = 0;
  };
  // Since the last call.
  std::vector<Owed> TakeOwed() { return std::exchange(owed_, {}); }

  // Threads that are there but not followed.
  const std::vector<int32_t>& left_out() const { return left_out_; }

  // Reads the thread's name when it may have been given one: threads name themselves after
  // starting.
  void UpdateName(ObservedThread& thread);

  // Asks the interpreter that knows the thread for its name: at once, soon, and ever more seldom.
  static void AskName(InterpreterStacks& interpreter, ObservedThread& thread);

  // The threads run another program: names they have are asked for anew.
  void ForgetNames();

  void Clear();

 private:
  // Whether there are as many threads as are known here.
  bool IsComplete();

  os::ProcessFiles& files_;
  StringTable& names_;
  const size_t max_threads_;
  const std::function<void(int32_t)> on_exit_;
  std::map<int32_t, ObservedThread> threads_;
  std::vector<int32_t> tids_;
  std::vector<int32_t> left_out_;
  std::vector<Owed> owed_;
  std::string name_;
  uint64_t refreshes_ = 0;
  bool expect_change_ = true;
};

}  // namespace lambent
