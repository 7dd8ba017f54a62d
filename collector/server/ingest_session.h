// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/receive/ingest_counters.h"
#include "collector/receive/symbol_requests.h"
#include "collector/receive/validated_hello.h"
#include "collector/server/symbol_intake.h"
#include "collector/store/profile_store.h"
#include "lambent/v1/ingest.pb.h"
#include "profiler/os/clock.h"

namespace lambent::collector {

// The protocol of one Ingest.Stream, message by message, without the network: Hello first, then
// batches, and Hello again when more is known of the same environment. What was refused is
// remembered by the store, so that a sender whom the refusal did not reach is told again. Confined
// to the stream's thread.
class IngestSession {
 public:
  // Hellos that differ from the one before, each of them a transaction: an extension says a second
  // one, and seldom a third.
  static constexpr int kMaxHellos = 16;

  // All must outlive this.
  IngestSession(ProfileStore& store, IngestCounters& counters, SymbolRequests& symbols,
                const os::Clock& clock)
      : store_(store),
        counters_(counters),
        clock_(clock),
        intake_(store, counters, symbols, clock) {}
  ~IngestSession();
  IngestSession(const IngestSession&) = delete;
  IngestSession& operator=(const IngestSession&) = delete;

  // The answer to one message; a batch's is written only once the batch is durable. An error ends
  // the stream: INVALID_ARGUMENT when the message may not come here, else what the store could not
  // do (the client keeps what was not acknowledged and comes again).
  absl::StatusOr<v1::ServerMessage> Answer(const v1::ClientMessage& message);

  // Takes a SymbolTable message, which has no answer. INVALID_ARGUMENT when Hello did not come
  // first; else a table that makes no sense is a table less, and the stream goes on.
  absl::Status TakeSymbols(const v1::SymbolTable& part);
  // What to ask of the environment now (NeedSymbols); nullopt: nothing. To be called after answers.
  std::optional<v1::ServerMessage> Ask();

 private:
  absl::StatusOr<v1::ServerMessage> Welcome(const v1::Hello& hello);
  absl::Status Open(const ValidatedHello& hello);
  absl::StatusOr<v1::ServerMessage> Receive(const v1::Batch& batch);
  absl::StatusOr<v1::ServerMessage> Reject(const v1::Batch& batch, const absl::Status& why);
  // The answer to a batch that was handled before: as it was then.
  absl::StatusOr<v1::ServerMessage> AnswerAgain(uint64_t sequence);
  int64_t NowUnixUs() const;

  ProfileStore& store_;
  IngestCounters& counters_;
  const os::Clock& clock_;
  SymbolIntake intake_;
  std::unique_ptr<WriteSession> session_;  // null until Hello
  ValidatedHello hello_;                   // the last one, but for its settled sequence
  int hellos_ = 0;                         // that differed from the one before
};

}  // namespace lambent::collector
