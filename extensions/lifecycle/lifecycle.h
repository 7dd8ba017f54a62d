// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "extensions/lambda_api/extension_event.h"
#include "extensions/lambda_api/telemetry_event.h"
#include "profiler/base/phase.h"
#include "profiler/encode/invocation_event.h"

namespace lambent {

// The environment entered a phase.
struct PhaseChange {
  Phase phase = Phase::kUnspecified;
  absl::Time deadline = absl::InfiniteFuture();  // of the invocation or of the shutdown
  friend bool operator==(const PhaseChange&, const PhaseChange&) = default;
};

// What follows from one piece of news.
struct LifecycleStep {
  std::vector<InvocationEvent> events;  // to the session, in this order
  std::optional<PhaseChange> phase;     // to the uplink
};

// The life of one execution environment, from what the platform says: events in time, telemetry at
// least once, late, in any order, or never. Each event of telemetry goes on once; a death the
// platform did not report is inferred from the reason of the shutdown. Pure; thread-compatible.
class Lifecycle {
 public:
  // /event/next answered; `now` is when. The same request id may come again: a retry of the
  // platform in the same environment is an invocation of its own.
  LifecycleStep OnInvoke(const InvokeEvent& event, absl::Time now);
  LifecycleStep OnShutdown(const ShutdownEvent& event, absl::Time now);

  LifecycleStep OnTelemetry(const TelemetryEvent& event);

  // No more telemetry is waited for after a shutdown: infers how what was running ended.
  LifecycleStep OnTelemetryEnd();

  // The end or the report of something that was running has not been told yet.
  bool expects_telemetry() const;

 private:
  struct Invocation {
    std::string request_id;
    absl::Time invoked;  // when INVOKE came; InfinitePast: not yet, telemetry was faster
    absl::Time deadline = absl::InfiniteFuture();
    bool started = false;
    bool done = false;
    bool reported = false;
  };
  struct Init {
    bool started = false;
    bool done = false;
    bool reported = false;
  };

  // True if this is news; remembers it.
  bool Remember(const InvocationEvent& event);
  bool RememberInit(bool Init::*stage, const InvocationEvent& event);
  bool RememberInvocation(bool Invocation::*stage, const InvocationEvent& event);
  bool IsCurrent(const InvocationEvent& event) const;
  void Forget();
  InvocationEvent InferredEnd(InvocationEvent::Kind kind) const;

  std::deque<Invocation> invocations_;  // the latest ones; the last is the current one
  Init init_;
  absl::Time init_started_ = absl::InfinitePast();
  std::optional<ShutdownEvent> shutdown_;
  absl::Time shutdown_time_;
};

}  // namespace lambent
