// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lambent {

// Why a sample that was due is missing. Values equal lambent.v1.DropReason; the meaning of each is
// documented there.
enum class DropReason : uint8_t {
  kUnspecified = 0,
  kInconsistent = 1,
  kRefused = 2,
  kTargetGone = 3,
  kUnreadable = 4,
  kWindowFull = 5,
  kOutboxFull = 6,
  kRejected = 7,
  kCollectorReset = 8,
  kShutdown = 9,
  kTooManyThreads = 10,
};

inline constexpr int kDropReasonCount = 11;

constexpr std::string_view DropReasonName(DropReason reason) {
  constexpr std::string_view kNames[kDropReasonCount] = {
      "unspecified", "inconsistent", "refused",         "target-gone", "unreadable",      "window-full",
      "outbox-full", "rejected",     "collector-reset", "shutdown",    "too-many-threads"};
  return kNames[static_cast<int>(reason)];
}

// Samples dropped, by reason. A value; async-signal-safe.
class DropCounts {
 public:
  void Add(DropReason reason, uint64_t samples) { counts_[static_cast<size_t>(reason)] += samples; }
  void Add(const DropCounts& other) {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }
  uint64_t of(DropReason reason) const { return counts_[static_cast<size_t>(reason)]; }
  uint64_t total() const {
    uint64_t sum = 0;
    for (uint64_t count : counts_) sum += count;
    return sum;
  }

 private:
  std::array<uint64_t, kDropReasonCount> counts_{};
};

}  // namespace lambent
