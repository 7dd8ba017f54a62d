// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/uplink.h"

#include <algorithm>
#include <utility>

namespace lambent {
namespace {

// A mean over about the last four invocations: reacts to a burst, forgets it as fast.
constexpr double kNewShare = 0.25;

}  // namespace

Uplink::Uplink(const UplinkOptions& options, Greeting greeting, os::Clock& clock, Outbox& outbox,
               StreamOpener open, UplinkCallbacks callbacks, SymbolSource* symbols)
    : clock_(clock),
      outbox_(outbox),
      delivery_(options, clock, outbox, std::move(open), std::move(callbacks), symbols),
      greeting_(std::move(greeting)) {}

void Uplink::Start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void Uplink::OnPhase(Phase phase, absl::Time deadline) {
  const absl::Time now = clock_.UnixTime();
  absl::MutexLock lock(&mutex_);
  around_.phase = phase;
  around_.phase_since = now;
  around_.deadline = deadline;
  ++around_.phase_serial;
  if (phase == Phase::kInvoke) {
    if (last_invoke_ != absl::InfinitePast()) {
      const absl::Duration since = now - last_invoke_;
      around_.invoke_interval = around_.invoke_interval == absl::InfiniteDuration()
                                    ? since
                                    : around_.invoke_interval * (1 - kNewShare) + since * kNewShare;
    }
    last_invoke_ = now;
  }
  WakeLocked();
}

void Uplink::SetGreeting(Greeting greeting) {
  absl::MutexLock lock(&mutex_);
  greeting_ = std::move(greeting);
}

void Uplink::Wake() {
  absl::MutexLock lock(&mutex_);
  WakeLocked();
}

void Uplink::WakeLocked() {
  woken_ = true;
  if (stream_ != nullptr) stream_->Wake();
}

bool Uplink::FinalFlush(absl::Time deadline) {
  if (!thread_.joinable()) return outbox_.backlog().batches == 0;
  {
    absl::MutexLock lock(&mutex_);
    around_.final = true;
    around_.phase = Phase::kShutdown;
    around_.deadline = deadline;
    WakeLocked();
  }
  const absl::Duration left = std::max(deadline - clock_.UnixTime(), absl::ZeroDuration());
  ended_.WaitForNotificationWithTimeout(left);
  return outbox_.backlog().batches == 0;
}

void Uplink::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
    WakeLocked();
  }
  if (thread_.joinable()) thread_.join();
}

void Uplink::Run() {
  StreamEvent event;
  event.kind = StreamEvent::Kind::kWoken;
  while (true) {
    Surroundings around;
    Greeting greeting;
    {
      absl::MutexLock lock(&mutex_);
      // Until the new one is known, a wake-up is remembered by woken_.
      stream_ = nullptr;
      if (stop_) break;
      around = around_;
      greeting = greeting_;
    }
    const absl::Duration wait = delivery_.Advance(event, around, greeting);
    if (delivery_.finished()) break;
    event = Wait(wait);
  }
  ended_.Notify();
}

StreamEvent Uplink::Wait(absl::Duration wait) {
  BatchStream* const stream = delivery_.stream();
  {
    absl::MutexLock lock(&mutex_);
    if (stream == nullptr) mutex_.AwaitWithTimeout(absl::Condition(&woken_), wait);
    stream_ = stream;
    const bool woken = std::exchange(woken_, false);
    // With a stream, a wake-up since the last round must not hide what the stream has to say.
    if (woken) wait = absl::ZeroDuration();
  }
  if (stream != nullptr) return stream->Next(wait);
  StreamEvent event;
  event.kind = StreamEvent::Kind::kWoken;
  return event;
}

}  // namespace lambent
