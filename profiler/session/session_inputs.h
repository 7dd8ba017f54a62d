// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "profiler/encode/invocation_event.h"

namespace lambent {

// What other threads tell the sampler thread. Thread-safe; no call waits for longer than a push.
class SessionInputs {
 public:
  // Events held at most. Beyond it (a sampler thread that hangs) the oldest go, counted by a
  // LossEvent in their place.
  static constexpr size_t kMaxEvents = 4096;

  void Post(InvocationEvent event) ABSL_LOCKS_EXCLUDED(mutex_);
  // Moves the waiting events to the end of *events. One load when there is none.
  void TakeEvents(std::vector<InvocationEvent>* events) ABSL_LOCKS_EXCLUDED(mutex_);

  void SetRate(uint32_t hz) { rate_hz_.store(hz, std::memory_order_relaxed); }
  void Pause(bool paused) { paused_.store(paused, std::memory_order_relaxed); }
  void RequestFlush() { flush_.store(true, std::memory_order_relaxed); }
  void RequestStop() { stop_.store(true, std::memory_order_release); }

  uint32_t rate_hz() const { return rate_hz_.load(std::memory_order_relaxed); }
  bool paused() const { return paused_.load(std::memory_order_relaxed); }
  bool TakeFlush() {
    return flush_.load(std::memory_order_relaxed) &&
           flush_.exchange(false, std::memory_order_relaxed);
  }
  // Acquire pairs with RequestStop's release: what was posted before it is seen.
  bool stop() const { return stop_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> waiting_{false};
  std::atomic<bool> paused_{false};
  std::atomic<bool> flush_{false};
  std::atomic<bool> stop_{false};
  std::atomic<uint32_t> rate_hz_{0};
  absl::Mutex mutex_;
  std::vector<InvocationEvent> events_ ABSL_GUARDED_BY(mutex_);
  uint64_t lost_ ABSL_GUARDED_BY(mutex_) = 0;  // since they were last taken
};

}  // namespace lambent
