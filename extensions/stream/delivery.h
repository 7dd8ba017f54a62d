// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"

#include "extensions/stream/backoff.h"
#include "extensions/stream/batch_stream.h"
#include "extensions/stream/flush_policy.h"
#include "extensions/stream/outbox.h"
#include "extensions/stream/symbol_source.h"
#include "extensions/stream/uplink_options.h"
#include "profiler/base/phase.h"
#include "profiler/os/clock.h"

namespace lambent {

// What the uplink thread knows of the world at one moment. A value.
struct Surroundings {
  Phase phase = Phase::kInit;
  absl::Time phase_since = absl::InfinitePast();
  absl::Time deadline = absl::InfiniteFuture();
  absl::Duration invoke_interval = absl::InfiniteDuration();
  uint64_t phase_serial = 0;  // counts phases
  bool final = false;         // deliver everything by `deadline`, then no more
};

// Called on the uplink thread; must not block.
struct UplinkCallbacks {
  // The collector's wishes (lambent.v1.Config).
  std::function<void(uint32_t sample_hz, bool paused)> on_config;
  // A stream could not be had or ended, the `failures`th in a row (1 = the first since the
  // collector last answered a Hello). Nothing is lost by it.
  std::function<void(const absl::Status& status, int failures)> on_trouble;
  // The collector refused a batch for good, and why.
  std::function<void(const std::string& reason)> on_refused;
  // A good moment to send: cut what is settled (Session::RequestFlush).
  std::function<void()> request_batch;
};

// The protocol of ingest.proto, the client's side, without a thread: told what happened, it acts.
// One stream at a time:
//
//   none ──open──▶ greeting (Hello sent) ──Welcome──▶ open ──closed, stale or silent──▶ none
//
// What becomes known later (the runtime, the rungs) goes in another Hello, before the next batch.
// Every stream starts over at the collector's durable sequence, so what was in flight is resent.
// Confined to the uplink thread.
class Delivery {
 public:
  // The references must outlive this, and so must `symbols`; null: none are provided.
  Delivery(const UplinkOptions& options, os::Clock& clock, Outbox& outbox, StreamOpener open,
           UplinkCallbacks callbacks, SymbolSource* symbols = nullptr);
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Takes an event of stream() (or kWoken, kTimeout without one) and acts on it and on time passed.
  // Returns how long to wait for the next event at most.
  absl::Duration Advance(const StreamEvent& event, const Surroundings& around,
                         const Greeting& greeting);

  // Null while not connected. Changes only within Advance.
  BatchStream* stream() { return stream_.get(); }
  // Nothing more can be done for the final flush: all is durable, or the collector is not there.
  bool finished() const { return finished_; }

 private:
  enum class State { kNone, kGreeting, kOpen };

  void Handle(const StreamEvent& event, int64_t now_ns);
  void HandleMessage(const v1::ServerMessage& message);
  void HandleWelcome(const v1::Welcome& welcome);
  void HandleRejected(const v1::Rejected& rejected);
  void NoticeFreeze(int64_t now_ns);
  void NoticeSilence(int64_t now_ns);
  void NoticeBlockedFinal(int64_t now_ns);
  void Connect(int64_t now_ns, const Greeting& greeting);
  void Disconnect(int64_t now_ns, bool at_once);
  void Fail(const absl::Status& status, int64_t now_ns);
  // Asks the policy; returns until when it would rather wait.
  absl::Duration Decide(const Surroundings& around);
  absl::Duration AskForBatch(const Surroundings& around);
  void Pump(int64_t now_ns, const Greeting& greeting);
  void PumpSymbols(int64_t now_ns);
  absl::Duration TimeToTimer(int64_t now_ns) const;
  void JudgeFinal(const Surroundings& around);
  // Batches wait for their acknowledgement.
  bool outstanding() const { return outbox_.InFlight(sent_) != 0; }
  // It is the collector's turn: to acknowledge, or to read.
  bool awaiting() const { return writing_ || outstanding(); }

  const UplinkOptions options_;
  os::Clock& clock_;
  Outbox& outbox_;
  StreamOpener open_;
  UplinkCallbacks callbacks_;
  SymbolSource* const symbols_;
  Backoff backoff_;

  State state_ = State::kNone;
  std::unique_ptr<BatchStream> stream_;
  Greeting said_;  // in the last Hello
  bool writing_ = false;
  bool writing_symbols_ = false;  // and what is written is part of a symbol table
  bool may_send_symbols_ = false;
  uint64_t sent_ = 0;                                  // on this stream
  uint64_t released_ = 0;                              // the policy let everything go up to here
  absl::Time waiting_since_ = absl::InfiniteFuture();  // the oldest unsent batch
  absl::Time last_send_ = absl::InfinitePast();
  int64_t retry_ns_ = 0;       // when to connect
  int64_t progress_ns_ = 0;    // last sign of life of the stream
  int64_t awaited_ns_ = 0;     // when we wanted to be back
  uint64_t asked_serial_ = 0;  // the phase for which a batch was asked
  bool final_ = false;
  int failures_ = 0;  // since the collector last said Welcome
  int final_failures_ = 0;
  bool finished_ = false;
};

}  // namespace lambent
