// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace lambent::collector {

// What the collector received since it started, for /metrics and GetStatus. Thread-safe.
struct IngestCounters {
  std::atomic<uint64_t> batches_accepted{0};
  std::atomic<uint64_t> batches_duplicate{0};
  std::atomic<uint64_t> batches_rejected{0};
  std::atomic<uint64_t> batches_failed{0};  // could not be stored, for instance a full disk
  std::atomic<uint64_t> samples{0};
  std::atomic<uint64_t> samples_dropped{0};   // as senders reported them
  std::atomic<uint64_t> samples_rejected{0};  // in rejected batches, as claimed
  std::atomic<uint64_t> content_bytes{0};     // compressed, of accepted batches
  std::atomic<uint64_t> symbol_tables_stored{0};
  std::atomic<uint64_t> symbol_tables_refused{0};  // by an environment, or by us as malformed
  std::atomic<int64_t> environments_connected{0};

  // Time from a batch's arrival at the store until it was durable, as Prometheus's histogram.
  static constexpr std::array<uint32_t, 8> kCommitBoundsMs = {1, 2, 5, 10, 25, 100, 500, 2500};
  std::array<std::atomic<uint64_t>, kCommitBoundsMs.size() + 1> commits{};
  std::atomic<uint64_t> commit_us{0};

  void CountCommit(uint64_t us) {
    size_t bucket = 0;
    while (bucket < kCommitBoundsMs.size() && us > uint64_t{kCommitBoundsMs[bucket]} * 1000) {
      ++bucket;
    }
    ++commits[bucket];
    commit_us += us;
  }
};

}  // namespace lambent::collector
