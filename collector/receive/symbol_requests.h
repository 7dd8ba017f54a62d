// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace lambent::collector {

// Which symbol tables are asked for just now, and of whom: one environment at a time sends each,
// and few at once, so that little is held of tables that are not whole yet: kMaxSymbolTableBytes
// for each of kMaxOpen. One whose time is over keeps what it has of its table until it sends again
// or its stream ends, so the bound of all is kMaxSymbolTableBytes a stream. Kept in memory: after a
// restart, who has what is asked again. Thread-safe.
class SymbolRequests {
 public:
  static constexpr size_t kMaxOpen = 16;
  // An environment that was asked may be frozen, for hours: then another one is asked.
  static constexpr int64_t kPatienceNs = 120'000'000'000;

  // Tells those who ask apart.
  using Asker = uint64_t;
  Asker NewAsker() ABSL_LOCKS_EXCLUDED(mutex_);

  // True: `asker` may ask for it now, and has asked until it releases it or its time is over.
  bool Acquire(const std::string& build_id, Asker asker, int64_t now_ns)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether it is still this one's turn; if so its time begins anew.
  bool Holds(const std::string& build_id, Asker asker, int64_t now_ns) ABSL_LOCKS_EXCLUDED(mutex_);
  void Release(const std::string& build_id, Asker asker) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Request {
    Asker asker = 0;
    int64_t until_ns = 0;
  };

  absl::Mutex mutex_;
  Asker last_asker_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, Request> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lambent::collector
