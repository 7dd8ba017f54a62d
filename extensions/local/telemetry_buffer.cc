// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/telemetry_buffer.h"

#include <utility>

namespace lambent::local {
namespace {

// A subscriber this many full batches behind is not keeping up.
constexpr int64_t kMaxBatchesBehind = 8;

int64_t Size(const std::string& event) { return static_cast<int64_t>(event.size()); }

}  // namespace

void TelemetryBuffer::Add(std::string event_json, int64_t now) {
  bytes_ += Size(event_json);
  events_.push_back({std::move(event_json), now});
  while (bytes_ > kMaxBatchesBehind * buffering_.max_bytes && events_.size() > 1) {
    bytes_ -= Size(events_.front().event);
    dropped_.bytes += Size(events_.front().event);
    ++dropped_.records;
    events_.pop_front();
  }
}

int64_t TelemetryBuffer::DueAt() const {
  if (events_.empty()) return kNever;
  if (static_cast<int64_t>(events_.size()) >= buffering_.max_items ||
      bytes_ >= buffering_.max_bytes) {
    return 0;
  }
  return events_.front().since + buffering_.timeout_ms * 1'000'000;
}

std::vector<std::string> TelemetryBuffer::TakeBatch() {
  std::vector<std::string> batch;
  int64_t batch_bytes = 0;
  while (!events_.empty() && static_cast<int64_t>(batch.size()) < buffering_.max_items) {
    const int64_t size = Size(events_.front().event);
    if (!batch.empty() && batch_bytes + size > buffering_.max_bytes) break;
    batch_bytes += size;
    batch.push_back(std::move(events_.front().event));
    events_.pop_front();
  }
  bytes_ -= batch_bytes;
  return batch;
}

TelemetryBuffer::Dropped TelemetryBuffer::TakeDropped() { return std::exchange(dropped_, {}); }

}  // namespace lambent::local
