// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"

#include "profiler/os/perf_events.h"
#include "profiler/stacks/native_stacks.h"
#include "profiler/stacks/stack_source.h"

namespace lambent {

// Rung 5: the kernel's perf events copy registers and stack top of running threads, each by its own
// CPU time; here the newest copy since the last one used is unwound. Nothing is stopped, and no
// memory is read.
//
// A thread met on a CPU for the first time is given a ring; a bounded number of threads has one,
// and those that have not run for long give theirs up. A thread that used too little CPU for a copy
// since its last is kPending: the copy that comes will account for the time.
class PerfSource final : public StackSource {
 public:
  // Locked memory is scarce: 516 KiB for each CPU by default, 36 to 132 KiB for a thread.
  static constexpr size_t kMaxRings = 64;

  // All must outlive this. `events` may be null: then there are none. `period_ns`: of the ticks.
  PerfSource(os::PerfEvents* events, NativeStacks& native, int64_t period_ns)
      : events_(events), native_(native), period_ns_(period_ns) {}

  // Whether thread `tid` may be sampled, by trying. Sets reason().
  bool Probe(int32_t tid);
  // How it works, or why it does not.
  const std::string& reason() const { return reason_; }

  // Once per tick.
  void BeginTick() { ++ticks_; }
  // The thread has ended.
  void Forget(int32_t tid) { threads_.erase(tid); }
  void Clear() { threads_.clear(); }

  Rung rung() const override { return Rung::kPerf; }
  CaptureResult Capture(ObservedThread& thread, CaptureAttempt& attempt) override;

 private:
  struct Sampled {
    std::unique_ptr<os::PerfRing> ring;
    size_t stack_bytes = 0;  // of each copy
    uint64_t cpu_ns = 0;     // the thread's, at its last copy
    uint64_t waits = 0;      // observations since
    uint64_t used = 0;       // copies used
    uint64_t tick = 0;       // last asked for
  };

  CaptureResult Open(ObservedThread& thread, size_t stack_bytes);
  CaptureResult Use(ObservedThread& thread, Sampled& sampled, const os::PerfSample& sample);
  // Room for one ring more. False: all were asked for lately.
  bool MakeRoom();

  os::PerfEvents* const events_;
  NativeStacks& native_;
  const int64_t period_ns_;
  uint64_t ticks_ = 0;
  std::string reason_ = "not tried";
  absl::flat_hash_map<int32_t, Sampled> threads_;
};

}  // namespace lambent
