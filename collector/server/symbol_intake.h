// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"

#include "collector/receive/ingest_counters.h"
#include "collector/receive/symbol_requests.h"
#include "collector/receive/symbol_table.h"
#include "collector/store/profile_store.h"
#include "lambent/v1/ingest.pb.h"
#include "profiler/os/clock.h"

namespace lambent::collector {

// Asks one environment for symbol tables that are wanted and takes what it sends: one table at a
// time, only such as were asked of it. What goes wrong costs a table, never the stream: batches
// matter more. Confined to the stream's thread.
class SymbolIntake {
 public:
  // Tables asked of one environment at once (ingest.proto): others can send the rest.
  static constexpr size_t kMaxAsked = 4;

  // All must outlive this.
  SymbolIntake(ProfileStore& store, IngestCounters& counters, SymbolRequests& requests,
               const os::Clock& clock)
      : store_(store),
        counters_(counters),
        requests_(requests),
        clock_(clock),
        asker_(requests.NewAsker()) {}
  // What was asked for may be asked of others.
  ~SymbolIntake();
  SymbolIntake(const SymbolIntake&) = delete;
  SymbolIntake& operator=(const SymbolIntake&) = delete;

  // A NeedSymbols message for what this environment may have; nullopt: there is nothing to ask.
  std::optional<v1::ServerMessage> Ask(WriteSession& session);

  // REQUIRES: `session` is the one that Ask was called with.
  void Take(const WriteSession& session, const v1::SymbolTable& part);

 private:
  void Refuse(const WriteSession& session, const std::string& build_id, const std::string& why);
  // Not asked again on this stream, which would send the same once more, or the rest of it: after a
  // freeze its turn was over, or the store had no room. Others may be asked.
  void LeaveToOthers(const std::string& build_id);
  void Settle(const std::string& build_id);

  ProfileStore& store_;
  IngestCounters& counters_;
  SymbolRequests& requests_;
  const os::Clock& clock_;
  const SymbolRequests::Asker asker_;
  absl::flat_hash_set<std::string> asked_;    // not answered yet
  absl::flat_hash_set<std::string> refused_;  // not asked again on this stream
  std::optional<SymbolTableAssembly> table_;  // under way
};

}  // namespace lambent::collector
