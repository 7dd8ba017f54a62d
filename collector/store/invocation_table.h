// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/receive/validated_batch.h"
#include "collector/store/database.h"
#include "collector/store/invocation_facts.h"

namespace lambent::collector {

// The invocations of one environment that a batch tells of: read on first mention, written back
// once. Lives within one transaction. Thread-compatible.
class InvocationTable {
 public:
  struct Invocation {
    int64_t id = 0;
    InvocationFacts facts;
  };

  // `complete`: every batch of the environment from its first is known, so its first invocation
  // here was its first: the cold one.
  InvocationTable(Database& database, int64_t environment, int64_t function, bool complete)
      : database_(database), environment_(environment), function_(function), complete_(complete) {}

  // The invocation that something is told of (choose_invocation.h), made if new. Stays valid as
  // long as this.
  absl::StatusOr<Invocation*> Of(const ValidatedEvent& event);
  absl::StatusOr<Invocation*> Of(const ValidatedSegment& segment);
  // Sees to it that there is one of this request id, so that rows come in the order of first news.
  absl::Status Mention(const std::string& request_id);
  // The environment's latest invocation, or null when it had none.
  absl::StatusOr<Invocation*> Latest();
  // Writes all of them back.
  absl::Status Save();

 private:
  // Those of one request id, in their order: what a stranger sends must not make this grow, so
  // only the latest of very many.
  struct Attempts {
    std::deque<Invocation> invocations;
    int64_t last_ordinal = 0;
  };
  absl::StatusOr<Attempts*> Get(const std::string& request_id);
  absl::StatusOr<Attempts> Load(const std::string& request_id);
  absl::Status Create(const std::string& request_id, Attempts& attempts);
  // Gives `to` the segments of `from` that came before the INVOKE that began `to`.
  absl::Status MoveSegments(Invocation& from, Invocation& to, int64_t invoked_us);
  absl::Status Save(const Invocation& invocation);
  template <typename News>
  absl::StatusOr<Invocation*> Choose(const News& news, bool* is_new = nullptr);

  Database& database_;
  const int64_t environment_;
  const int64_t function_;
  const bool complete_;
  std::map<std::string, Attempts> attempts_;
};

}  // namespace lambent::collector
