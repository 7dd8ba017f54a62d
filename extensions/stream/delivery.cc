// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/delivery.h"

#include <algorithm>
#include <utility>

#include "extensions/stream/hello.h"

namespace lambent {
namespace {

// Back this much later than planned: the environment was frozen.
constexpr int64_t kFreezeNs = 1'000'000'000;
// Frozen this long with something in flight: its fate is unknown and TCP may back off for seconds;
// a new stream costs one round trip and resends at most a window.
constexpr int64_t kDoubtNs = 20'000'000'000;
constexpr absl::Duration kIdle = absl::Hours(1);
// Before a time-out, what is settled should be on its way.
constexpr absl::Duration kBeforeDeadline = absl::Milliseconds(500);
// Attempts of the final flush: the collector may be restarting, but not for long.
constexpr int kFinalAttempts = 2;

}  // namespace

Delivery::Delivery(const UplinkOptions& options, os::Clock& clock, Outbox& outbox,
                   StreamOpener open, UplinkCallbacks callbacks, SymbolSource* symbols)
    : options_(options),
      clock_(clock),
      outbox_(outbox),
      open_(std::move(open)),
      callbacks_(std::move(callbacks)),
      symbols_(symbols),
      backoff_(options.backoff_first, options.backoff_limit, options.seed),
      awaited_ns_(clock.MonotonicNs()) {}

absl::Duration Delivery::Advance(const StreamEvent& event, const Surroundings& around,
                                 const Greeting& greeting) {
  const int64_t now_ns = clock_.MonotonicNs();
  if (around.final && !final_) {
    final_ = true;
    backoff_.Reset();
    retry_ns_ = now_ns;
  }
  NoticeFreeze(now_ns);
  Handle(event, now_ns);
  NoticeSilence(now_ns);
  NoticeBlockedFinal(now_ns);
  if (state_ == State::kNone && now_ns >= retry_ns_ && !finished_) Connect(now_ns, greeting);
  absl::Duration wait = Decide(around);
  Pump(now_ns, greeting);
  wait = std::min({wait, AskForBatch(around), TimeToTimer(now_ns), kIdle});
  if (final_) {
    JudgeFinal(around);
    wait = std::min(wait, around.deadline - clock_.UnixTime());
  }
  wait = std::max(wait, absl::ZeroDuration());
  awaited_ns_ = now_ns + absl::ToInt64Nanoseconds(wait);
  return wait;
}

void Delivery::NoticeFreeze(int64_t now_ns) {
  const int64_t late_ns = now_ns - awaited_ns_;
  if (late_ns >= kFreezeNs) {
    backoff_.Reset();
    if (state_ == State::kNone) retry_ns_ = now_ns;
    if (state_ == State::kGreeting || (awaiting() && late_ns >= kDoubtNs)) {
      Disconnect(now_ns, true);
    } else if (awaiting()) {
      progress_ns_ = now_ns;  // only un-frozen time counts against the collector
    }
  }
  // Idle or frozen: middle boxes forget either way.
  if (state_ == State::kOpen &&
      now_ns - progress_ns_ >= absl::ToInt64Nanoseconds(options_.stale_after)) {
    Disconnect(now_ns, true);
  }
}

void Delivery::Handle(const StreamEvent& event, int64_t now_ns) {
  if (stream_ == nullptr) return;  // of a stream that was given up
  switch (event.kind) {
    case StreamEvent::Kind::kWritten:
      writing_ = writing_symbols_ = false;
      break;
    case StreamEvent::Kind::kMessage:
      progress_ns_ = now_ns;
      HandleMessage(event.message);
      break;
    case StreamEvent::Kind::kClosed:
      if (final_) ++final_failures_;
      Fail(event.status, now_ns);
      break;
    case StreamEvent::Kind::kTimeout:
    case StreamEvent::Kind::kWoken:
      break;
  }
}

void Delivery::HandleMessage(const v1::ServerMessage& message) {
  switch (message.message_case()) {
    case v1::ServerMessage::kWelcome:
      if (state_ == State::kGreeting) HandleWelcome(message.welcome());
      return;
    case v1::ServerMessage::kAck:
      // What was never sent on this stream cannot have become durable by it.
      if (state_ == State::kOpen) outbox_.Acked(std::min(message.ack().durable_sequence(), sent_));
      return;
    case v1::ServerMessage::kRejected:
      // As with Ack: what was never sent on this stream cannot have been refused by it.
      if (state_ == State::kOpen && message.rejected().sequence() <= sent_) {
        HandleRejected(message.rejected());
      }
      return;
    case v1::ServerMessage::kConfig:
      if (callbacks_.on_config) {
        callbacks_.on_config(message.config().sample_hz(), message.config().paused());
      }
      return;
    case v1::ServerMessage::kNeedSymbols:
      if (state_ == State::kOpen && symbols_ != nullptr) {
        const auto& wanted = message.need_symbols().build_ids();
        symbols_->Ask({wanted.begin(), wanted.end()});
      }
      return;
    case v1::ServerMessage::MESSAGE_NOT_SET:  // of a newer collector
      return;
  }
}

void Delivery::HandleWelcome(const v1::Welcome& welcome) {
  const uint64_t durable = welcome.durable_sequence();
  state_ = State::kOpen;
  failures_ = 0;
  backoff_.Reset();
  if (durable < outbox_.acked()) {
    outbox_.ResetDictionary(durable);
    if (callbacks_.request_batch) callbacks_.request_batch();
  } else {
    // Rejections before the acknowledgement that reaches beyond them: the other way round they
    // would count as delivered.
    for (const v1::Rejected& rejected : welcome.rejected()) {
      if (rejected.sequence() <= durable) HandleRejected(rejected);
    }
    outbox_.Acked(durable);
  }
  sent_ = outbox_.acked();
}

void Delivery::HandleRejected(const v1::Rejected& rejected) {
  if (!outbox_.Rejected(rejected.sequence())) return;
  if (callbacks_.on_refused) callbacks_.on_refused(rejected.reason());
  if (callbacks_.request_batch) callbacks_.request_batch();
}

void Delivery::NoticeSilence(int64_t now_ns) {
  const int64_t silent_ns = now_ns - progress_ns_;
  const bool late_welcome =
      state_ == State::kGreeting && silent_ns >= absl::ToInt64Nanoseconds(options_.connect_timeout);
  const bool late_ack = state_ == State::kOpen && awaiting() &&
                        silent_ns >= absl::ToInt64Nanoseconds(options_.ack_timeout);
  if (late_welcome || late_ack) Fail(absl::DeadlineExceededError("it does not answer"), now_ns);
}

void Delivery::NoticeBlockedFinal(int64_t now_ns) {
  // One write at a time: what is not read by now may hold up the last batches to the deadline. On a
  // new stream they are the first.
  if (final_ && writing_symbols_ && outbox_.backlog(sent_).batches != 0) Disconnect(now_ns, true);
}

void Delivery::Fail(const absl::Status& status, int64_t now_ns) {
  ++failures_;
  if (callbacks_.on_trouble) callbacks_.on_trouble(status, failures_);
  Disconnect(now_ns, false);
}

void Delivery::Connect(int64_t now_ns, const Greeting& greeting) {
  stream_ = open_();
  state_ = State::kGreeting;
  progress_ns_ = now_ns;
  writing_ = true;
  said_ = greeting;
  stream_->Write(HelloMessage(said_, outbox_.settled()));
}

void Delivery::Disconnect(int64_t now_ns, bool at_once) {
  stream_.reset();
  if (symbols_ != nullptr) symbols_->Forget();
  state_ = State::kNone;
  writing_ = writing_symbols_ = false;
  sent_ = 0;
  retry_ns_ = at_once ? now_ns : now_ns + absl::ToInt64Nanoseconds(backoff_.Next());
}

absl::Duration Delivery::Decide(const Surroundings& around) {
  const absl::Time now = clock_.UnixTime();
  const Outbox::Backlog unsent = outbox_.backlog(std::max(sent_, released_));
  if (unsent.batches == 0) {
    waiting_since_ = absl::InfiniteFuture();
  } else if (waiting_since_ == absl::InfiniteFuture()) {
    waiting_since_ = now;
  }
  FlushState state;
  state.mode = options_.flush;
  state.phase = around.final ? Phase::kShutdown : around.phase;
  state.now = now;
  state.phase_since = around.phase_since;
  state.deadline = around.deadline;
  state.oldest_waiting = waiting_since_;
  state.last_send = last_send_;
  state.invoke_interval = around.invoke_interval;
  state.backlog_bytes = unsent.bytes;
  state.backlog_batches = unsent.batches;
  state.limit_bytes = options_.outbox_limit_bytes;
  state.connected = state_ == State::kOpen;
  may_send_symbols_ = MaySendSymbols(state);
  const FlushDecision decision = DecideFlush(state);
  if (decision.action != FlushDecision::Action::kWait && unsent.batches != 0) {
    released_ = unsent.last_sequence;
    waiting_since_ = absl::InfiniteFuture();
  }
  return decision.action == FlushDecision::Action::kSend ? absl::InfiniteDuration()
                                                         : decision.until - now;
}

absl::Duration Delivery::AskForBatch(const Surroundings& around) {
  if (around.phase != Phase::kInvoke || around.phase_serial == asked_serial_ || final_) {
    return absl::InfiniteDuration();
  }
  const absl::Duration left = around.deadline - kBeforeDeadline - clock_.UnixTime();
  if (left > absl::ZeroDuration()) return left;
  asked_serial_ = around.phase_serial;
  if (callbacks_.request_batch) callbacks_.request_batch();
  return absl::InfiniteDuration();
}

void Delivery::Pump(int64_t now_ns, const Greeting& greeting) {
  if (state_ != State::kOpen || writing_) return;
  if (outbox_.InFlight(sent_) >= options_.window_batches) return;
  std::optional<Outbox::Outgoing> next = outbox_.Next(sent_);
  if (!next.has_value()) return PumpSymbols(now_ns);
  if (next->sequence > released_) return;
  if (!outstanding()) progress_ns_ = now_ns;  // the wait for its acknowledgement begins
  if (greeting != said_) {
    writing_ = true;
    said_ = greeting;
    return stream_->Write(HelloMessage(said_, outbox_.settled()));
  }
  sent_ = next->sequence;
  outbox_.MarkSent(sent_);
  last_send_ = clock_.UnixTime();
  writing_ = true;
  stream_->Write(BatchMessage(*std::move(next)));
}

void Delivery::PumpSymbols(int64_t now_ns) {
  if (symbols_ == nullptr || !may_send_symbols_ || final_) return;
  std::optional<EncodedSymbols> part = symbols_->Take();
  if (!part.has_value()) return;
  if (!outstanding()) progress_ns_ = now_ns;  // the wait for it to be read begins
  writing_ = writing_symbols_ = true;
  stream_->Write(SymbolsMessage(*std::move(part)));
}

absl::Duration Delivery::TimeToTimer(int64_t now_ns) const {
  const auto after = [now_ns](int64_t since_ns, absl::Duration length) {
    return length - absl::Nanoseconds(now_ns - since_ns);
  };
  switch (state_) {
    case State::kNone:
      return finished_ ? absl::InfiniteDuration() : absl::Nanoseconds(retry_ns_ - now_ns);
    case State::kGreeting:
      return after(progress_ns_, options_.connect_timeout);
    case State::kOpen:
      return awaiting() ? after(progress_ns_, options_.ack_timeout) : absl::InfiniteDuration();
  }
  return absl::InfiniteDuration();
}

void Delivery::JudgeFinal(const Surroundings& around) {
  if (outbox_.backlog().batches == 0 || final_failures_ >= kFinalAttempts ||
      clock_.UnixTime() >= around.deadline) {
    finished_ = true;
  }
}

}  // namespace lambent
