// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/agent_source.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "profiler/stacks/on_cpu.h"

namespace lambent {
namespace {

// Of a tick's period, for the agent's timers. They go off at the kernel's ticks only, 2 ms late on
// average at 250 Hz, so that with this a busy thread has a new copy at nearly each of ours.
constexpr int64_t kTimersPerTick = 2;
constexpr int64_t kShortestNs = 2'000'000;
constexpr int64_t kLongestNs = 1'000'000'000;
// The CPU time, in periods of ticks, after which a thread with a timer should long have had a copy:
// it blocks the signal, or the timer is gone.
constexpr uint64_t kPatience = 4;
// The same in observations, where the kernel does not count CPU time.
constexpr uint64_t kPatienceTicks = 16;
constexpr int kMaxRequests = 3;
// The agent is looked for at ticks 1, 2, 4, …, and then so often.
constexpr uint64_t kLookEvery = 512;
// Of an agent that nobody answers for: after so many ticks, twice as many the next time, ….
constexpr uint64_t kMaxRest = 1 << 16;

}  // namespace

void AgentSource::BeginTick(int64_t now_ns) {
  ++ticks_;
  FollowRate(now_ns);
  if (reader_ == nullptr && ticks_ >= look_at_) Look();
  if (reader_ == nullptr) return;
  if (!reader_->BeginTick()) {
    reader_.reset();
    reason_ = "the agent has left the process";
    return;
  }
  losses_.Add(reader_->TakeLosses());
  for (const AgentReader::Ready& ready : reader_->ready()) {
    const auto timed = threads_.find(ready.tid);
    if (timed != threads_.end()) timed->second.seen_tick = ticks_;
  }
}

void AgentSource::Reset() {
  reader_.reset();
  threads_.clear();
  ticks_ = look_at_ = 0;
  rest_ = 0;
  Look();
}

std::unique_ptr<AgentReader> AgentSource::Open() {
  absl::StatusOr<std::unique_ptr<os::SharedFile>> file = door_.Open(pid_);
  if (!file.ok()) {
    reason_ = std::string(file.status().message());
    return nullptr;
  }
  absl::StatusOr<std::unique_ptr<AgentReader>> reader = AgentReader::Create(*std::move(file), pid_);
  if (!reader.ok()) {
    reason_ = std::string(reader.status().message());
    return nullptr;
  }
  reason_ = "the preloaded agent's memory is shared";
  (*reader)->SetPeriod(static_cast<uint64_t>(period_ns_ / kTimersPerTick));
  return *std::move(reader);
}

void AgentSource::Look() {
  look_at_ = ticks_ + std::clamp<uint64_t>(ticks_, 1, kLookEvery);
  threads_.clear();
  unanswered_ = 0;
  reader_ = Open();
}

void AgentSource::Doubt() {
  const uint64_t request = reader_->request();
  reader_.reset();  // it is for one reader
  reader_ = Open();
  if (reader_ == nullptr || reader_->request() != request) {
    threads_.clear();
    unanswered_ = 0;
    return;
  }
  if (unanswered_ < kMaxRequests) return;  // others do answer
  reader_.reset();
  reason_ = "the agent does not answer: its signal is blocked, or has another owner";
  rest_ = std::clamp(2 * rest_, kLookEvery, kMaxRest);
  look_at_ = ticks_ + rest_;
}

void AgentSource::FollowRate(int64_t now_ns) {
  const int64_t length_ns = last_tick_ns_ == 0 ? 0 : now_ns - last_tick_ns_;
  last_tick_ns_ = now_ns;
  if (length_ns <= 0 || length_ns > kLongestNs) return;
  smooth_ns_ += (length_ns - smooth_ns_) / 8;
  // Written when it has changed by a quarter, not for every jitter.
  if (std::abs(smooth_ns_ - period_ns_) <= period_ns_ / 4) return;
  period_ns_ = std::max(smooth_ns_, kShortestNs);
  if (reader_ != nullptr) reader_->SetPeriod(static_cast<uint64_t>(period_ns_ / kTimersPerTick));
}

CaptureResult AgentSource::Capture(ObservedThread& thread, CaptureAttempt& attempt) {
  if (reader_ == nullptr) return CaptureResult::kInconsistent;  // it was lost in this tick
  const auto [found, is_new] = threads_.try_emplace(thread.tid());
  Timed& timed = found->second;
  if (reader_->Take(thread.tid(), snapshot_.get())) return Use(thread, timed);
  ++timed.waits;
  const uint64_t used_ns = thread.schedule.cpu_ns - timed.cpu_ns;
  const bool counts = thread.schedule.timeslices != 0;
  // A copy may have come while the thread was blocked, and been of no use.
  const bool alive = timed.seen_tick != 0 && ticks_ - timed.seen_tick < kPatienceTicks;
  const bool waiting = alive || (counts ? used_ns < kPatience * static_cast<uint64_t>(period_ns_)
                                        : timed.waits < kPatienceTicks);
  if (!is_new && waiting) return CaptureResult::kPending;
  if (timed.requests == kMaxRequests) {
    ++timed.requests;
    Doubt();  // `timed` may be gone
    return CaptureResult::kInconsistent;
  }
  if (timed.requests > kMaxRequests) return CaptureResult::kInconsistent;
  return Request(thread, attempt, timed);
}

CaptureResult AgentSource::Use(ObservedThread& thread, Timed& timed) {
  unanswered_ = 0;
  rest_ = 0;
  timed.requests = 0;
  timed.waits = 0;
  timed.cpu_ns = thread.schedule.cpu_ns;
  if (!native_.TakeCopy(snapshot_->registers(), *snapshot_)) {
    return CaptureResult::kUnreadable;
  }
  native_.Unwind(thread, /*standing=*/false);
  if (thread.stack_bytes != timed.stack_bytes) {
    timed.stack_bytes = thread.stack_bytes;
    reader_->WishStackBytes(snapshot_->thread(), thread.stack_bytes);
  }
  return thread.stack.empty() ? CaptureResult::kUnreadable : CaptureResult::kCaptured;
}

CaptureResult AgentSource::Request(ObservedThread& thread, const CaptureAttempt& attempt,
                                   Timed& timed) {
  // A filter that the program installed later may not expect what the agent would call.
  if (timed.requests == 0 && door_.CountFilters(pid_, thread.tid()) > reader_->filters()) {
    timed.requests = kMaxRequests + 1;
    return CaptureResult::kInconsistent;
  }
  const Follow follow = own_cpu_.FollowTo(thread);
  if (follow == Follow::kGone) return CaptureResult::kGone;
  if (follow == Follow::kElsewhere) return CaptureResult::kInconsistent;
  if (!IsOnCpu(thread, attempt.reads_calls)) return CaptureResult::kInconsistent;
  timed.cpu_ns = thread.schedule.cpu_ns;
  timed.waits = 0;
  ++timed.requests;
  ++unanswered_;
  if (!door_.Request(pid_, thread.tid(), reader_->request())) return CaptureResult::kInconsistent;
  return CaptureResult::kPending;
}

}  // namespace lambent
