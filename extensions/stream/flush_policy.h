// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/time/time.h"

#include "profiler/base/phase.h"

namespace lambent {

// LAMBENT_FLUSH.
enum class FlushMode {
  kAdaptive,   // by the table below
  kImmediate,  // whatever waits is sent at once, in every phase
  kEnd,        // only at shutdown, or when half of the outbox is full
};

std::optional<FlushMode> ParseFlushMode(std::string_view text);

// What the decision rests on. A value; times are absl so that a test writes them down plainly.
struct FlushState {
  FlushMode mode = FlushMode::kAdaptive;
  Phase phase = Phase::kInit;
  absl::Time now;
  absl::Time phase_since;                        // by the extension's clock
  absl::Time deadline = absl::InfiniteFuture();  // of the invocation or of the shutdown
  absl::Time oldest_waiting;                     // when the oldest unsent batch was put
  absl::Time last_send = absl::InfinitePast();
  absl::Duration invoke_interval = absl::InfiniteDuration();  // mean between INVOKEs
  uint64_t backlog_bytes = 0;                                 // unsent
  uint64_t backlog_batches = 0;
  uint64_t limit_bytes = 8 << 20;  // of the outbox
  bool connected = false;
};

// What to do now.
struct FlushDecision {
  enum class Action {
    kWait,   // nothing before `until` (or news)
    kSend,   // everything that waits
    kFinal,  // everything, and give up at `until`
  };
  Action action = Action::kWait;
  absl::Time until = absl::InfiniteFuture();
  friend bool operator==(const FlushDecision&, const FlushDecision&) = default;
};

// Decides when to send. Pure. First row that fits:
//
//   condition                                                      decision
//   phase shutdown                                                 final, until deadline
//   nothing waits                                                  wait for news
//   mode immediate                                                 send
//   unsent >= half of the outbox                                   send (else samples get lost)
//   mode end                                                       wait for news
//   unsent >= 64 KiB                                               send (a full write is cheap per
//   byte) phase invoke, deadline within 500 ms                           send (a time-out may be
//   next) phase init                                                     wait till the oldest is 2
//   s old phase invoke, INVOKEs >= 5 s apart or unknown                  send: the next chance is
//   far phase invoke, INVOKEs closer                                   wait till the oldest is 2 s
//   old phase after, for less than 250 ms                              wait 250 ms: a freeze is
//   near, and
//                                                                    a send would only prolong it
//   phase after, longer                                            as in invoke: nobody freezes us
FlushDecision DecideFlush(const FlushState& state);

// Whether now is a time for symbol tables, which nobody waits for: in an invocation or long after
// one, when no batch waits. Not in init (the cold start), not while a freeze or a time-out is near,
// not at shutdown, and not in mode end. Pure.
bool MaySendSymbols(const FlushState& state);

}  // namespace lambent
