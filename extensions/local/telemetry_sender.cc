// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/telemetry_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "extensions/local/telemetry_fault_batches.h"
#include "profiler/os/loopback_socket.h"

namespace lambent::local {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kAttemptNs = 5'000 * kMillisecond;
constexpr int64_t kFirstPauseNs = 25 * kMillisecond;
constexpr size_t kMaxAnswerBytes = 4096;
constexpr int kMaxDoublings = 5;  // pauses end at 800 ms

}  // namespace

TelemetrySender::TelemetrySender(EventLoop& loop, os::Clock& clock, Subscription subscription,
                                 TelemetryFaults faults)
    : loop_(loop),
      clock_(clock),
      subscription_(std::move(subscription)),
      faults_(faults),
      buffer_(subscription_.buffering) {}

TelemetrySender::~TelemetrySender() {
  if (fd_.valid()) loop_.Forget(fd_.get());
}

void TelemetrySender::Add(const std::string& event_json) {
  buffer_.Add(event_json, clock_.MonotonicNs());
  StartIfDue();
}

void TelemetrySender::Pause() {
  if (std::exchange(paused_, true)) return;
  paused_at_ = clock_.MonotonicNs();
  if (fd_.valid()) loop_.Forget(fd_.get());
}

void TelemetrySender::Resume() {
  if (!std::exchange(paused_, false)) return;
  // An attempt under way gets the time back that it slept; buffers age on, as their timers do.
  if (wake_at_ != TelemetryBuffer::kNever) wake_at_ += clock_.MonotonicNs() - paused_at_;
  if (fd_.valid() && state_ != State::kIdle && state_ != State::kPausing) Watch();
  StartIfDue();
}

void TelemetrySender::SendAtOnce() {
  at_once_ = true;
  StartIfDue();
}

int64_t TelemetrySender::NextDeadline() const {
  if (paused_) return TelemetryBuffer::kNever;
  if (state_ != State::kIdle) return wake_at_;
  return at_once_ && !buffer_.empty() ? 0 : buffer_.DueAt();
}

void TelemetrySender::OnTime() {
  if (paused_) return;
  if (state_ == State::kIdle) {
    StartIfDue();
  } else if (clock_.MonotonicNs() >= wake_at_) {
    if (state_ == State::kPausing) {
      Attempt();
    } else {
      Retry();
    }
  }
}

void TelemetrySender::StartIfDue() {
  if (paused_ || state_ != State::kIdle || buffer_.empty()) return;
  if (!at_once_ && clock_.MonotonicNs() < buffer_.DueAt()) return;
  for (std::string& body : BodiesOf(buffer_.TakeBatch(), faults_))
    bodies_.push_back(std::move(body));
  failures_ = 0;
  Attempt();
}

void TelemetrySender::Attempt() {
  HttpMessage request;
  request.method = "POST";
  request.target = subscription_.path;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = bodies_.front();
  output_ = SerializeRequest(absl::StrCat("sandbox.localdomain:", subscription_.port), request);
  wake_at_ = clock_.MonotonicNs() + kAttemptNs;
  fresh_ = !fd_.valid();
  if (fresh_) {
    Connect();
    return;
  }
  state_ = State::kWriting;
  Progress();
}

void TelemetrySender::Connect() {
  reader_.emplace(HttpReader::Kind::kResponse, kMaxAnswerBytes);
  absl::StatusOr<os::OwnedFd> fd = os::StartConnectToLoopback(subscription_.port);
  if (!fd.ok()) {
    Retry();
    return;
  }
  fd_ = *std::move(fd);
  fresh_ = true;
  state_ = State::kConnecting;
  Watch();
}

void TelemetrySender::Watch() {
  loop_.Watch(fd_.get(), /*read=*/state_ == State::kReading, /*write=*/state_ != State::kReading,
              [this] { OnReady(); });
}

void TelemetrySender::OnReady() {
  if (state_ == State::kConnecting) {
    if (!os::FinishConnect(fd_.get()).ok()) {
      Retry();
      return;
    }
    state_ = State::kWriting;
  }
  Progress();
}

void TelemetrySender::Progress() {
  if (state_ == State::kWriting) {
    size_t written = 0;
    const os::IoState io = os::WriteAvailable(fd_.get(), output_, &written);
    output_.erase(0, written);
    if (io == os::IoState::kEnd) {
      Retry();
      return;
    }
    if (output_.empty()) state_ = State::kReading;
    Watch();
    return;
  }
  std::string bytes;
  const os::IoState io = os::ReadAvailable(fd_.get(), 64 * 1024, &bytes);
  const bool sound =
      reader_->Feed(bytes).ok() && (io != os::IoState::kEnd || reader_->FeedEnd().ok());
  if (reader_->complete()) {
    const HttpMessage response = reader_->Take();
    loop_.Forget(fd_.get());
    if (!response.keep_alive || io == os::IoState::kEnd) fd_.Close();
    Answered(response.status);
  } else if (!sound || io == os::IoState::kEnd) {
    Retry();
  }
}

void TelemetrySender::Retry() {
  if (fd_.valid()) {
    loop_.Forget(fd_.get());
    fd_.Close();
    // A kept connection that the subscriber had closed says nothing about the batch.
    if (!std::exchange(fresh_, true)) {
      Attempt();
      return;
    }
  }
  state_ = State::kPausing;
  wake_at_ = clock_.MonotonicNs() + (kFirstPauseNs << std::min(failures_++, kMaxDoublings));
}

void TelemetrySender::Answered(int status) {
  // What is malformed on purpose is not sent again and again.
  const bool deliberate = faults_.malformed && bodies_.front().back() != ']';
  if (status / 100 != 2 && !deliberate) {
    state_ = State::kPausing;
    wake_at_ = clock_.MonotonicNs() + (kFirstPauseNs << std::min(failures_++, kMaxDoublings));
    return;
  }
  bodies_.pop_front();
  failures_ = 0;
  state_ = State::kIdle;
  wake_at_ = TelemetryBuffer::kNever;
  if (!bodies_.empty()) {
    Attempt();
  } else {
    StartIfDue();
  }
}

}  // namespace lambent::local
