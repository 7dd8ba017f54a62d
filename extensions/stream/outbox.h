// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "profiler/base/drop_reason.h"
#include "profiler/encode/batch_sink.h"

namespace lambent {

// Batches that the collector has not made durable yet, in order, in bounded memory.
//
// When full, the oldest batches shrink to their remainder (dictionary, events, and their samples as
// outbox-full drops). When even remainders do not fit, the oldest leave whole: their samples become
// a debt that the next batch reports, and a new dictionary epoch starts, since the old one has a
// hole. Nothing is counted twice: a batch's drops count only if the form that holds them is
// delivered. Thread-safe.
class Outbox final : public BatchSink {
 public:
  // A batch as it goes on the wire.
  struct Outgoing {
    uint64_t sequence = 0;
    uint32_t content_bytes = 0;  // before compression
    std::string content;         // zstd
    uint64_t samples = 0;        // Σ observations of `content`
  };
  // What waits: for the flush policy.
  struct Backlog {
    uint64_t bytes = 0;
    uint64_t batches = 0;
    uint64_t first_sequence = 0;  // 0: empty
    uint64_t last_sequence = 0;   // 0: empty
  };

  // `on_put` (may be empty) is called after every Put, without a lock, on the putting thread.
  explicit Outbox(uint64_t limit_bytes, std::function<void()> on_put = {})
      : limit_bytes_(limit_bytes), on_put_(std::move(on_put)) {}

  void Put(EncodedBatch batch) override ABSL_LOCKS_EXCLUDED(mutex_);
  SinkDebt TakeDebt() override ABSL_LOCKS_EXCLUDED(mutex_);

  // A copy of the first batch with sequence > `after`; nullopt: none.
  std::optional<Outgoing> Next(uint64_t after) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Everything up to `sequence` was sent: whether it arrived is in doubt until acknowledged, so it
  // shrinks but never leaves to make room (it might be counted twice).
  void MarkSent(uint64_t sequence) ABSL_LOCKS_EXCLUDED(mutex_);

  // Everything up to `durable_sequence` is durable: forgotten here.
  void Acked(uint64_t durable_sequence) ABSL_LOCKS_EXCLUDED(mutex_);
  // The collector refused the batch. Later batches of its epoch rest on its dictionary: they leave
  // with it, and all their samples become a debt. False, and nothing happens, when the batch is not
  // here (any more): it was counted before.
  bool Rejected(uint64_t sequence) ABSL_LOCKS_EXCLUDED(mutex_);
  // The collector has less than it once acknowledged (its data was removed), and the dictionary
  // with it: everything leaves and becomes a debt.
  void ResetDictionary(uint64_t durable_sequence) ABSL_LOCKS_EXCLUDED(mutex_);

  // The highest sequence ever acknowledged.
  uint64_t acked() const ABSL_LOCKS_EXCLUDED(mutex_);
  // No batch up to this one waits for an answer any more (Hello.settled_sequence).
  uint64_t settled() const ABSL_LOCKS_EXCLUDED(mutex_);
  // What waits beyond `after`.
  Backlog backlog(uint64_t after = 0) const ABSL_LOCKS_EXCLUDED(mutex_);
  // How many of the batches up to `sent` still wait for their acknowledgement.
  uint64_t InFlight(uint64_t sent) const ABSL_LOCKS_EXCLUDED(mutex_);
  // True while a debt waits for the session's next batch.
  bool owes() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Entry {
    EncodedBatch batch;
    bool shrunk = false;
  };
  static uint64_t BytesOf(const Entry& entry) {
    return entry.batch.content.size() + entry.batch.remainder.size();
  }
  void Shrink(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Break(uint32_t epoch, DropReason reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Lose(size_t first, size_t last, DropReason reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const uint64_t limit_bytes_;
  const std::function<void()> on_put_;
  mutable absl::Mutex mutex_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t acked_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t sent_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t put_ ABSL_GUARDED_BY(mutex_) = 0;  // the highest sequence ever put
  SinkDebt debt_ ABSL_GUARDED_BY(mutex_);
  // Epochs up to this one have a hole: what still arrives of them is lost at once.
  uint32_t broken_epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  DropReason broken_reason_ ABSL_GUARDED_BY(mutex_) = DropReason::kRejected;
  uint32_t last_epoch_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace lambent
