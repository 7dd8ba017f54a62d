// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "profiler/stacks/rung_probe.h"

namespace lambent::record {

// What the sampler thread tells the main thread while it works. Thread-safe.
class SamplingReport {
 public:
  // The sampler's side.
  void Attached(std::vector<RungProbe> rungs) {
    absl::MutexLock lock(&mutex_);
    answered_ = true;
    rungs_ = std::move(rungs);
  }
  void Refused(const absl::Status& why) {
    absl::MutexLock lock(&mutex_);
    if (!answered_) refusal_ = why;
    ended_ = answered_;
    answered_ = true;
  }
  void Ticked() { ticks_.fetch_add(1, std::memory_order_relaxed); }
  void Took(uint64_t samples) { samples_.fetch_add(samples, std::memory_order_relaxed); }

  // The main thread's side. False: neither attached nor refused within `patience`.
  bool AwaitAnswer(absl::Duration patience) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&answered_), patience);
  }
  // Why it never was attached; OK: it was.
  absl::Status refusal() const {
    absl::MutexLock lock(&mutex_);
    return refusal_;
  }
  // The process was there and is not any more.
  bool ended() const {
    absl::MutexLock lock(&mutex_);
    return ended_;
  }
  std::vector<RungProbe> rungs() const {
    absl::MutexLock lock(&mutex_);
    return rungs_;
  }
  uint64_t ticks() const { return ticks_.load(std::memory_order_relaxed); }
  uint64_t samples() const { return samples_.load(std::memory_order_relaxed); }

 private:
  mutable absl::Mutex mutex_;
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  std::vector<RungProbe> rungs_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> ticks_{0};
  std::atomic<uint64_t> samples_{0};
};

}  // namespace lambent::record
