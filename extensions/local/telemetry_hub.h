// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "extensions/local/telemetry_record.h"
#include "extensions/local/telemetry_sender.h"

namespace lambent::local {

// All telemetry of one environment: keeps what happened before somebody subscribed, and hands each
// event to every subscriber of its type. Confined to the loop's thread.
class TelemetryHub {
 public:
  TelemetryHub(EventLoop& loop, os::Clock& clock, TelemetryFaults faults)
      : loop_(loop), clock_(clock), faults_(faults) {}

  void Emit(const TelemetryEvent& event);
  // Subscribing again replaces: subscriptions are by extension identifier, and idempotent.
  void Subscribe(const std::string& extension_id, Subscription subscription);
  // No one can subscribe any more: the past need not be kept.
  void CloseSubscriptions();

  void Pause();
  void Resume();
  void SendAtOnce();
  // The environment is gone and its subscribers with it.
  void Reset();

  int64_t NextDeadline() const;
  void OnTime();

 private:
  void Deliver(const TelemetryEvent& event);

  EventLoop& loop_;
  os::Clock& clock_;
  const TelemetryFaults faults_;
  bool open_ = true;
  std::vector<TelemetryEvent> past_;
  std::vector<TelemetryEvent> late_;  // held back on purpose until the next thaw
  std::map<std::string, std::unique_ptr<TelemetrySender>> senders_;
};

}  // namespace lambent::local
