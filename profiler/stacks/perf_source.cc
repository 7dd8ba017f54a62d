// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/perf_source.h"

#include <algorithm>
#include <cstring>

namespace lambent {
namespace {

// CPU time between two copies, in tenths of a tick's period: a busy thread has a new one at nearly
// every tick, though ticks are moved by up to a tenth.
constexpr int64_t kTenthsOfTick = 8;
// Every so many copies the period is moved a little, so that periodic work is not met always at the
// same point.
constexpr uint64_t kMoveEvery = 16;
// The CPU time, in periods of ticks, after which a thread should have had a copy: it is in the
// kernel all the time, where only user space may be sampled.
constexpr uint64_t kPatience = 4;
// The same in observations, where the kernel does not count CPU time.
constexpr uint64_t kPatienceTicks = 16;
// Ticks after which a thread that was not met on a CPU gives its ring up to another.
constexpr uint64_t kIdleTicks = 64;
// With the registers it is the most that fits twice into 32 KiB.
constexpr size_t kFirstStackBytes = 15 * 1024;

// The bytes of a copy, read like the process's memory.
class CopiedStack final : public os::RemoteMemory {
 public:
  explicit CopiedStack(const os::PerfSample& sample) : sample_(sample) {}

  size_t Read(uint64_t address, void* into, size_t size) override {
    const uint64_t offset = address - sample_.registers.sp();
    if (offset >= sample_.stack.size()) return 0;
    size = std::min(size, sample_.stack.size() - static_cast<size_t>(offset));
    std::memcpy(into, sample_.stack.data() + offset, size);
    return size;
  }
  Failure last_failure() const override { return Failure::kUnmapped; }

 private:
  const os::PerfSample& sample_;
};

int64_t CopyPeriod(int64_t tick_ns) { return std::max<int64_t>(tick_ns * kTenthsOfTick / 10, 1); }

}  // namespace

bool PerfSource::Probe(int32_t tid) {
  if (events_ == nullptr) return false;
  const auto ring = events_->Open(tid, CopyPeriod(period_ns_), kFirstStackBytes);
  reason_ = ring.ok() ? "perf_event_open is permitted" : std::string(ring.status().message());
  return ring.ok();
}

CaptureResult PerfSource::Capture(ObservedThread& thread, CaptureAttempt& attempt) {
  if (events_ == nullptr) return CaptureResult::kRefused;
  if (attempt.interpreted) return CaptureResult::kInconsistent;  // its frames are not copied
  const auto found = threads_.find(thread.tid());
  if (found == threads_.end()) return Open(thread, kFirstStackBytes);
  Sampled& sampled = found->second;
  sampled.tick = ticks_;
  os::PerfSample sample;
  if (sampled.ring->TakeNewest(&sample) && sample.tid == thread.tid()) {
    return Use(thread, sampled, sample);
  }
  ++sampled.waits;
  const uint64_t used_ns = thread.schedule.cpu_ns - sampled.cpu_ns;
  const bool waiting = thread.schedule.timeslices != 0
                           ? used_ns < kPatience * static_cast<uint64_t>(period_ns_)
                           : sampled.waits < kPatienceTicks;
  return waiting ? CaptureResult::kPending : CaptureResult::kInconsistent;
}

CaptureResult PerfSource::Use(ObservedThread& thread, Sampled& sampled,
                              const os::PerfSample& sample) {
  sampled.waits = 0;
  sampled.cpu_ns = thread.schedule.cpu_ns;
  if (++sampled.used % kMoveEvery == 0) {
    const int64_t tenth = CopyPeriod(period_ns_) / 10;
    const auto step = static_cast<int64_t>(sampled.used / kMoveEvery % 3) - 1;
    sampled.ring->SetPeriod(CopyPeriod(period_ns_) + step * tenth);
  }
  CopiedStack stack(sample);
  // A copy that is too short for the stack is so by its own measure.
  const bool whole = sample.stack.size() == sampled.stack_bytes;
  if (whole) thread.stack_bytes = sampled.stack_bytes;
  if (!native_.TakeCopy(sample.registers, stack)) return CaptureResult::kUnreadable;
  native_.Unwind(thread, /*standing=*/false);
  const CaptureResult result =
      thread.stack.empty() ? CaptureResult::kUnreadable : CaptureResult::kCaptured;
  const size_t wished = std::min(thread.stack_bytes, os::PerfEvents::kMaxStackBytes);
  if (whole && wished > sampled.stack_bytes) Open(thread, wished);
  return result;
}

bool PerfSource::MakeRoom() {
  if (threads_.size() < kMaxRings) return true;
  auto idlest = threads_.begin();
  for (auto it = threads_.begin(); it != threads_.end(); ++it) {
    if (it->second.tick < idlest->second.tick) idlest = it;
  }
  if (ticks_ - idlest->second.tick < kIdleTicks) return false;
  threads_.erase(idlest);
  return true;
}

CaptureResult PerfSource::Open(ObservedThread& thread, size_t stack_bytes) {
  if (!threads_.contains(thread.tid()) && !MakeRoom()) return CaptureResult::kInconsistent;
  auto ring = events_->Open(thread.tid(), CopyPeriod(period_ns_), stack_bytes);
  if (!ring.ok()) {
    switch (ring.status().code()) {
      case absl::StatusCode::kNotFound:
        return CaptureResult::kGone;
      case absl::StatusCode::kResourceExhausted:
        return CaptureResult::kInconsistent;
      default:
        reason_ = std::string(ring.status().message());
        return CaptureResult::kRefused;
    }
  }
  threads_.insert_or_assign(thread.tid(), Sampled{.ring = *std::move(ring),
                                                  .stack_bytes = stack_bytes,
                                                  .cpu_ns = thread.schedule.cpu_ns,
                                                  .waits = 0,
                                                  .used = 0,
                                                  .tick = ticks_});
  return CaptureResult::kPending;
}

}  // namespace lambent
