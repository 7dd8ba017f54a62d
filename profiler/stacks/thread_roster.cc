// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/thread_roster.h"

#include <algorithm>
#include <utility>

namespace lambent {
namespace {

// Up to so many threads, listing them costs less than a sample (6 µs for 7).
constexpr size_t kFewThreads = 32;
constexpr uint64_t kListEvery = 8;

bool IsPowerOfTwo(uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

}  // namespace

ThreadRoster::ThreadRoster(os::ProcessFiles& files, StringTable& names, size_t max_threads,
                           std::function<void(int32_t)> on_exit)
    : files_(files), names_(names), max_threads_(max_threads), on_exit_(std::move(on_exit)) {}

os::ReadResult ThreadRoster::Refresh() {
  const bool many = threads_.size() + left_out_.size() > kFewThreads;
  if (refreshes_++ % kListEvery != 0 && many && !expect_change_) return os::ReadResult::kOk;
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

void ThreadRoster::Remove(int32_t tid) {
  if (threads_.erase(tid) == 0) return;
  on_exit_(tid);
  expect_change_ = true;
}

void ThreadRoster::UpdateName(ObservedThread& thread) {
  if (!IsPowerOfTwo(thread.observations)) return;
  if (thread.files->ReadName(&name_) == os::ReadResult::kOk) thread.name = names_.Intern(name_);
}

void ThreadRoster::Clear() {
  for (const auto& [tid, thread] : threads_) on_exit_(tid);
  threads_.clear();
  left_out_.clear();
  expect_change_ = true;
}

}  // namespace lambent
