// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/telemetry_hub.h"

#include <algorithm>
#include <utility>

namespace lambent::local {

void TelemetryHub::Emit(const TelemetryEvent& event) {
  if (faults_.late && event.type == "platform.runtimeDone") {
    late_.push_back(event);
    return;
  }
  Deliver(event);
}

void TelemetryHub::Deliver(const TelemetryEvent& event) {
  if (open_) past_.push_back(event);
  for (const auto& [id, sender] : senders_) {
    const TelemetryBuffer::Dropped dropped = sender->TakeDropped();
    if (dropped.records > 0) sender->Add(DroppedEvent(dropped, clock_.UnixTime()).json);
    if (sender->subscription().types.count(event.category) != 0) sender->Add(event.json);
  }
}

void TelemetryHub::Subscribe(const std::string& extension_id, Subscription subscription) {
  auto sender = std::make_unique<TelemetrySender>(loop_, clock_, std::move(subscription), faults_);
  for (const TelemetryEvent& event : past_) {
    if (sender->subscription().types.count(event.category) != 0) sender->Add(event.json);
  }
  senders_[extension_id] = std::move(sender);
}

void TelemetryHub::CloseSubscriptions() {
  open_ = false;
  past_.clear();
}

void TelemetryHub::Pause() {
  for (const auto& [id, sender] : senders_) sender->Pause();
}

void TelemetryHub::Resume() {
  for (const auto& [id, sender] : senders_) sender->Resume();
  for (const TelemetryEvent& event : std::exchange(late_, {})) Deliver(event);
}

void TelemetryHub::SendAtOnce() {
  Resume();
  for (const auto& [id, sender] : senders_) sender->SendAtOnce();
}

void TelemetryHub::Reset() {
  senders_.clear();
  past_.clear();
  late_.clear();
  open_ = true;
}

int64_t TelemetryHub::NextDeadline() const {
  int64_t next = TelemetryBuffer::kNever;
  for (const auto& [id, sender] : senders_) next = std::min(next, sender->NextDeadline());
  return next;
}

void TelemetryHub::OnTime() {
  for (const auto& [id, sender] : senders_) sender->OnTime();
}

}  // namespace lambent::local
