// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

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

  // The invocation, made if new. Stays valid as long as this.
  absl::StatusOr<Invocation*> Get(const std::string& request_id);
  // The environment's latest invocation, or null when it had none.
  absl::StatusOr<Invocation*> Latest();
  // Writes all of them back.
  absl::Status Save();

 private:
  absl::StatusOr<Invocation> Load(const std::string& request_id);
  absl::StatusOr<Invocation> Create(const std::string& request_id);

  Database& database_;
  const int64_t environment_;
  const int64_t function_;
  const bool complete_;
  std::map<std::string, Invocation> invocations_;
};

}  // namespace lambent::collector
