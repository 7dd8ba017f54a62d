// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "extensions/local/subscription.h"

namespace lambent::local {

// One subscriber's events, gathered until a batch is due: max_items, max_bytes, or timeout_ms after
// the oldest came. A subscriber that falls far behind loses the oldest, which are counted. Pure:
// times (monotonic, ns) are passed in. Thread-compatible.
class TelemetryBuffer {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  struct Dropped {
    int64_t records = 0;
    int64_t bytes = 0;
  };

  explicit TelemetryBuffer(Buffering buffering) : buffering_(buffering) {}

  void Add(std::string event_json, int64_t now);
  bool empty() const { return events_.empty(); }
  // When the next batch is due: a time in the past if it is, kNever if nothing waits.
  int64_t DueAt() const;
  // The next batch: as many of the oldest as max_items and max_bytes allow, at least one.
  std::vector<std::string> TakeBatch();
  // What was dropped since the last call.
  Dropped TakeDropped();

 private:
  struct Waiting {
    std::string event;
    int64_t since = 0;
  };
  const Buffering buffering_;
  std::deque<Waiting> events_;
  int64_t bytes_ = 0;
  Dropped dropped_;
};

}  // namespace lambent::local
