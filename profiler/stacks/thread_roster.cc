// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/thread_roster.h"

#include <algorithm>
#include <utility>

namespace lambent {
namespace {

// A thread that ended while another started leaves the count as it was. The one that ended is met
// at the same tick; the other one, at a tick when the list is read whatever the count.
constexpr uint64_t kListEvery = 8;
// Observations after which an interpreter is asked again for a name at the latest.
constexpr uint64_t kAskNameAtLeastEvery = 2048;

bool IsPowerOfTwo(uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

}  // namespace

ThreadRoster::ThreadRoster(os::ProcessFiles& files, StringTable& names, size_t max_threads,
                           std::function<void(int32_t)> on_exit)
    : files_(files), names_(names), max_threads_(max_threads), on_exit_(std::move(on_exit)) {}

os::ReadResult ThreadRoster::Refresh() {
  if (refreshes_++ % kListEvery != 0 && !expect_change_ && IsComplete()) {
    return os::ReadResult::kOk;
  }
  const os::ReadResult result = files_.ListThreads(&tids_);
  if (result != os::ReadResult::kOk) return result;
  if (tids_.empty()) return os::ReadResult::kGone;
  expect_change_ = false;
  std::sort(tids_.begin(), tids_.end());
  for (auto it = threads_.begin(); it != threads_.end();) {
    if (std::binary_search(tids_.begin(), tids_.end(), it->first)) {
      ++it;
      continue;
    }
    const ObservedThread& ended = it->second;
    if (ended.owed_wall_ns > 0) {
      owed_.push_back({it->first, ended.name, ended.owed_wall_ns, ended.owed_cpu_ns});
    }
    on_exit_(it->first);
    it = threads_.erase(it);
  }
  left_out_.clear();
  for (const int32_t tid : tids_) {
    if (threads_.contains(tid)) continue;
    if (threads_.size() >= max_threads_) {
      left_out_.push_back(tid);
    } else {
      threads_.try_emplace(tid, files_.OpenThread(tid));
    }
  }
  return os::ReadResult::kOk;
}

bool ThreadRoster::IsComplete() {
  int64_t count = 0;
  return files_.CountThreads(&count) == os::ReadResult::kOk &&
         static_cast<uint64_t>(count) == threads_.size() + left_out_.size();
}

void ThreadRoster::Remove(int32_t tid) {
  if (threads_.erase(tid) == 0) return;
  on_exit_(tid);
  expect_change_ = true;
}

void ThreadRoster::UpdateName(ObservedThread& thread) {
  if (thread.named_by_interpreter) return;
  if (!IsPowerOfTwo(thread.observations) && thread.name != StringId{}) return;
  if (thread.files->ReadName(&name_) == os::ReadResult::kOk) thread.name = names_.Intern(name_);
}

void ThreadRoster::AskName(InterpreterStacks& interpreter, ObservedThread& thread) {
  if (thread.observations < thread.ask_name_at) return;
  thread.ask_name_at = thread.observations + thread.ask_name_after;
  thread.ask_name_after = std::min(2 * thread.ask_name_after, kAskNameAtLeastEvery);
  const StringId name = interpreter.ThreadName(thread.tid());
  if (name == StringId{}) return;  // one that it had is not taken from it
  thread.name = name;
  thread.named_by_interpreter = true;
}

void ThreadRoster::ForgetNames() {
  for (auto& [tid, thread] : threads_) {
    thread.name = {};
    thread.named_by_interpreter = false;
    thread.ask_name_at = 0;
    thread.ask_name_after = 1;
  }
}

void ThreadRoster::Clear() {
  for (const auto& [tid, thread] : threads_) on_exit_(tid);
  threads_.clear();
  left_out_.clear();
  expect_change_ = true;
}

}  // namespace lambent
