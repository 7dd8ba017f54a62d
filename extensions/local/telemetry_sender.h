// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "extensions/lambda_api/http_message.h"
#include "extensions/local/event_loop.h"
#include "extensions/local/local_options.h"
#include "extensions/local/telemetry_buffer.h"
#include "profiler/os/clock.h"
#include "profiler/os/owned_fd.h"

namespace lambent::local {

// Delivers one subscriber's telemetry: POSTs batches in order, one at a time, over a kept
// connection; a batch that is not answered with 2xx is sent again after a growing pause. While the
// environment is frozen nothing is sent or read, in the middle of a request too. Confined to the
// loop's thread.
class TelemetrySender {
 public:
  // All references must outlive the sender.
  TelemetrySender(EventLoop& loop, os::Clock& clock, Subscription subscription,
                  TelemetryFaults faults);
  ~TelemetrySender();
  TelemetrySender(const TelemetrySender&) = delete;
  TelemetrySender& operator=(const TelemetrySender&) = delete;

  void Add(const std::string& event_json);
  TelemetryBuffer::Dropped TakeDropped() { return buffer_.TakeDropped(); }
  const Subscription& subscription() const { return subscription_; }

  void Pause();
  void Resume();
  // From now on every event is sent at once: the shutdown does not wait for batches to fill.
  void SendAtOnce();

  // When OnTime wants to be called; TelemetryBuffer::kNever: not.
  int64_t NextDeadline() const;
  void OnTime();

 private:
  enum class State { kIdle, kConnecting, kWriting, kReading, kPausing };

  void StartIfDue();
  void Attempt();
  void Connect();
  void OnReady();
  void Progress();
  void Retry();
  void Answered(int status);
  void Watch();

  EventLoop& loop_;
  os::Clock& clock_;
  const Subscription subscription_;
  const TelemetryFaults faults_;
  TelemetryBuffer buffer_;
  std::deque<std::string> bodies_;  // what is under way, in order
  State state_ = State::kIdle;
  os::OwnedFd fd_;
  std::optional<HttpReader> reader_;  // one for each connection
  std::string output_;
  bool fresh_ = false;  // nothing was sent yet on this connection
  int failures_ = 0;
  int64_t wake_at_ = TelemetryBuffer::kNever;  // end of a pause, or of an attempt
  int64_t paused_at_ = 0;
  bool paused_ = false;
  bool at_once_ = false;
};

}  // namespace lambent::local
