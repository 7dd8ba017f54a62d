// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/outbox.h"

#include <algorithm>
#include <utility>

namespace lambent {

void Outbox::Put(EncodedBatch batch) {
  {
    absl::MutexLock lock(&mutex_);
    last_epoch_ = std::max(last_epoch_, batch.dictionary_epoch);
    put_ = std::max(put_, batch.sequence);
    bytes_ += batch.content.size() + batch.remainder.size();
    const bool broken = batch.dictionary_epoch <= broken_epoch_;
    entries_.push_back({std::move(batch), false});
    if (broken) {
      Lose(entries_.size() - 1, entries_.size(), broken_reason_);
    } else {
      MakeRoom();
    }
  }
  if (on_put_) on_put_();
}

SinkDebt Outbox::TakeDebt() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(debt_, SinkDebt{});
}

void Outbox::Shrink(Entry& entry) {
  bytes_ -= entry.batch.content.size();
  entry.batch.content.clear();
  entry.batch.content.shrink_to_fit();
  entry.shrunk = true;
}

void Outbox::MakeRoom() {
  for (Entry& entry : entries_) {
    if (bytes_ <= limit_bytes_) return;
    if (!entry.shrunk) Shrink(entry);
  }
  // Remainders alone are too much: an hour or more without a collector.
  size_t first = 0;
  while (first < entries_.size() && entries_[first].batch.sequence <= sent_) ++first;
  size_t last = first;
  uint64_t freed = 0;
  while (last < entries_.size() && bytes_ - freed > limit_bytes_) {
    freed += BytesOf(entries_[last++]);
  }
  if (last == first) return;
  // The rest of their epoch rests on dictionary entries that leave with them.
  const uint32_t epoch = entries_[last - 1].batch.dictionary_epoch;
  while (last < entries_.size() && entries_[last].batch.dictionary_epoch <= epoch) ++last;
  Break(epoch, DropReason::kOutboxFull);
  Lose(first, last, DropReason::kOutboxFull);
}

void Outbox::Break(uint32_t epoch, DropReason reason) {
  broken_epoch_ = std::max(broken_epoch_, epoch);
  broken_reason_ = reason;
  // Only when the session still writes that epoch.
  if (last_epoch_ <= broken_epoch_) debt_.new_epoch = true;
}

void Outbox::Lose(size_t first, size_t last, DropReason reason) {
  for (size_t i = first; i < last; ++i) {
    const EncodedBatch& batch = entries_[i].batch;
    debt_.lost.Add(entries_[i].shrunk ? DropReason::kOutboxFull : reason, batch.samples);
    debt_.lost.Add(batch.drops);
    ++debt_.batches;
    bytes_ -= BytesOf(entries_[i]);
  }
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(first),
                 entries_.begin() + static_cast<std::ptrdiff_t>(last));
}

std::optional<Outbox::Outgoing> Outbox::Next(uint64_t after) const {
  absl::MutexLock lock(&mutex_);
  const auto entry = std::upper_bound(
      entries_.begin(), entries_.end(), after,
      [](uint64_t sequence, const Entry& e) { return sequence < e.batch.sequence; });
  if (entry == entries_.end()) return std::nullopt;
  const EncodedBatch& batch = entry->batch;
  if (entry->shrunk) return Outgoing{batch.sequence, batch.remainder_bytes, batch.remainder, 0};
  return Outgoing{batch.sequence, batch.content_bytes, batch.content, batch.samples};
}

void Outbox::Acked(uint64_t durable_sequence) {
  absl::MutexLock lock(&mutex_);
  durable_sequence = std::min(durable_sequence, put_);  // a collector that claims more is wrong
  acked_ = std::max(acked_, durable_sequence);
  while (!entries_.empty() && entries_.front().batch.sequence <= durable_sequence) {
    bytes_ -= BytesOf(entries_.front());
    entries_.pop_front();
  }
}

bool Outbox::Rejected(uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  size_t first = 0;
  while (first < entries_.size() && entries_[first].batch.sequence != sequence) ++first;
  if (first == entries_.size()) return false;
  const uint32_t epoch = entries_[first].batch.dictionary_epoch;
  size_t last = first + 1;
  while (last < entries_.size() && entries_[last].batch.dictionary_epoch <= epoch) ++last;
  Break(epoch, DropReason::kRejected);
  Lose(first, last, DropReason::kRejected);
  return true;
}

void Outbox::MarkSent(uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  sent_ = std::max(sent_, sequence);
}

void Outbox::ResetDictionary(uint64_t durable_sequence) {
  absl::MutexLock lock(&mutex_);
  acked_ = durable_sequence;
  Break(last_epoch_, DropReason::kCollectorReset);
  debt_.new_epoch = true;
  Lose(0, entries_.size(), DropReason::kCollectorReset);
}

uint64_t Outbox::acked() const {
  absl::MutexLock lock(&mutex_);
  return acked_;
}

uint64_t Outbox::settled() const {
  absl::MutexLock lock(&mutex_);
  return entries_.empty() ? put_ : entries_.front().batch.sequence - 1;
}

Outbox::Backlog Outbox::backlog(uint64_t after) const {
  absl::MutexLock lock(&mutex_);
  Backlog backlog;
  for (const Entry& entry : entries_) {
    if (entry.batch.sequence <= after) continue;
    if (backlog.batches++ == 0) backlog.first_sequence = entry.batch.sequence;
    backlog.last_sequence = entry.batch.sequence;
    backlog.bytes += BytesOf(entry);
  }
  return backlog;
}

uint64_t Outbox::InFlight(uint64_t sent) const {
  absl::MutexLock lock(&mutex_);
  const auto end = std::upper_bound(
      entries_.begin(), entries_.end(), sent,
      [](uint64_t sequence, const Entry& e) { return sequence < e.batch.sequence; });
  return static_cast<uint64_t>(end - entries_.begin());
}

bool Outbox::owes() const {
  absl::MutexLock lock(&mutex_);
  return debt_.new_epoch || debt_.batches != 0;
}

}  // namespace lambent
