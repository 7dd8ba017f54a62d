// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "profiler/encode/batch_sink.h"

namespace lambent::record {

// Keeps a session's batches in memory (some 10 KB a second) until somebody takes them: while the
// program is sampled nothing else is made of its samples. Thread-safe.
class HeldBatches final : public BatchSink {
 public:
  void Put(EncodedBatch batch) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    bytes_ += batch.content.size();
    batch.remainder.clear();  // nothing is ever dropped here
    batches_.push_back(std::move(batch));
  }
  SinkDebt TakeDebt() override { return {}; }

  std::vector<EncodedBatch> Take() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    bytes_ = 0;
    return std::exchange(batches_, {});
  }
  size_t bytes() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return bytes_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<EncodedBatch> batches_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace lambent::record
