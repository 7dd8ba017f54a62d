// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

#include "extensions/stream/uplink_options.h"

namespace lambent {

// Says once, at warning level, why profiles do not reach the collector and what to do about it.
// Once, because each line is billed in the function's log; at all, because somebody attached the
// layer to see profiles. Thread-safe.
class DeliveryTrouble {
 public:
  // Failures in a row that are no passing matter: a collector that restarts is back before these.
  static constexpr int kLasting = 3;

  explicit DeliveryTrouble(const ChannelSettings& channel);

  // See UplinkCallbacks::on_trouble.
  void Note(const absl::Status& status, int failures) ABSL_LOCKS_EXCLUDED(mutex_);
  // See UplinkCallbacks::on_refused.
  void NoteRefused(std::string_view reason) ABSL_LOCKS_EXCLUDED(mutex_);

  // The environment ends; false: batches are left behind, which is worth the line even if nothing
  // failed before.
  void OnEnd(bool delivered) ABSL_LOCKS_EXCLUDED(mutex_);

  // The line for one failure, and for a refused batch. Pure.
  static std::string Line(const std::string& collector, bool tls, const absl::Status& status);
  static std::string RefusedLine(const std::string& collector, std::string_view reason);

 private:
  void SayOnce(const std::string& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string collector_;
  const bool tls_;
  absl::Mutex mutex_;
  absl::Status last_ ABSL_GUARDED_BY(mutex_);
  bool said_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace lambent
