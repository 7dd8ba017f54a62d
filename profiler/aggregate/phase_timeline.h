// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "profiler/base/phase.h"

namespace lambent {

// A time from which one phase of one invocation lasts, until the next stretch begins.
struct Stretch {
  uint64_t id = 0;  // unique within a timeline
  int64_t start_ns = 0;
  Phase phase = Phase::kUnspecified;
  std::string request_id;  // empty outside an invocation
};

// Which phase of which invocation a moment belongs to, and which moments are settled: no event that
// may still arrive can change their phase. All times are MonotonicNs. Pure state,
// thread-compatible.
//
//   init ──▶ [after ""] ──▶ invoke A ──▶ after A ──▶ invoke B ──▶ after B ──▶ shutdown
//        initRuntimeDone  INVOKE   runtimeDone   INVOKE     (time of each, not its arrival)
class PhaseTimeline {
 public:
  // Older stretches and freezes are forgotten beyond this many.
  static constexpr size_t kMaxStretches = 4096;
  // INVOKE comes from our own event loop: it is never later than this.
  static constexpr int64_t kInvokeLagNs = 20'000'000;

  explicit PhaseTimeline(int64_t init_start_ns);

  // The runtime asked for work the first time. Ignored unless that falls into the init phase.
  void InitDone(int64_t time_ns);
  void Invoke(std::string_view request_id, int64_t time_ns);
  // The runtime answered. Ignored for an unknown or already answered invocation; a time outside of
  // the invocation is clamped into it.
  void RuntimeDone(std::string_view request_id, int64_t time_ns);
  void Shutdown(int64_t time_ns);

  // The environment was frozen; freezes are reported in order.
  void Frozen(int64_t from_ns, int64_t until_ns);

  // The stretch in effect at a time; the first one for times before it.
  const Stretch& At(int64_t time_ns) const;
  // Start of the stretch after the one in effect at a time; INT64_MAX: none is known.
  int64_t NextStart(int64_t time_ns) const;

  // No event that is still to come can change the phase of anything before the returned time:
  // either it happened at least `lag_ns` of un-frozen time ago (how late telemetry is), or the
  // answers to all invocations until then are known.
  int64_t SettledBefore(int64_t now_ns, int64_t lag_ns) const;

  // What is before `time_ns` has been used: later boundaries cannot be inserted there any more.
  void Forget(int64_t time_ns);

 private:
  struct Freeze {
    int64_t from_ns;
    int64_t until_ns;
  };
  void Insert(size_t index, int64_t time_ns, Phase phase, std::string_view request_id);
  size_t IndexAt(int64_t time_ns) const;
  int64_t UnfrozenAgo(int64_t now_ns, int64_t lag_ns) const;

  std::deque<Stretch> stretches_;  // by start_ns, never empty
  std::deque<Freeze> freezes_;
  int64_t used_before_ns_;
  uint64_t next_id_ = 1;
};

}  // namespace lambent
