// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lifecycle/lifecycle.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "extensions/lifecycle/platform_event.h"

namespace lambent {
namespace {

using Kind = InvocationEvent::Kind;

// Reports were seen 45 minutes late; an invocation older than this many others is forgotten, and a
// repeated event of it would go on twice, which the collector bears.
constexpr size_t kRemembered = 64;

// Telemetry of an invocation may be dated before we read its INVOKE, on a starved CPU; a retry with
// the same request id comes a minute later at the earliest.
constexpr absl::Duration kClockSlack = absl::Seconds(5);

}  // namespace

LifecycleStep Lifecycle::OnInvoke(const InvokeEvent& event, absl::Time now) {
  LifecycleStep step;
  step.events.push_back(FromInvoke(event, now));
  const absl::Time given = step.events.back().deadline;
  const absl::Time deadline = given == absl::UnixEpoch() ? absl::InfiniteFuture() : given;
  Invocation current{event.request_id, now, deadline};
  // Its telemetry may have overtaken it.
  for (auto it = invocations_.begin(); it != invocations_.end(); ++it) {
    if (it->request_id == event.request_id && it->invoked == absl::InfinitePast()) {
      current.started = it->started;
      current.done = it->done;
      current.reported = it->reported;
      invocations_.erase(it);
      break;
    }
  }
  invocations_.push_back(std::move(current));
  Forget();
  step.phase = PhaseChange{Phase::kInvoke, deadline};
  // The runtime was faster than we were.
  if (invocations_.back().done) step.phase->phase = Phase::kAfter;
  return step;
}

LifecycleStep Lifecycle::OnShutdown(const ShutdownEvent& event, absl::Time now) {
  LifecycleStep step;
  step.events.push_back(FromShutdown(event, now));
  const absl::Time given = step.events.back().deadline;
  shutdown_ = event;
  shutdown_time_ = now;
  step.phase =
      PhaseChange{Phase::kShutdown, given == absl::UnixEpoch() ? now + absl::Seconds(2) : given};
  return step;
}

LifecycleStep Lifecycle::OnTelemetry(const TelemetryEvent& event) {
  LifecycleStep step;
  InvocationEvent news = FromTelemetry(event);
  if (!Remember(news)) return step;
  if (news.kind == Kind::kRuntimeDone && !shutdown_.has_value() && IsCurrent(news)) {
    step.phase = PhaseChange{Phase::kAfter, invocations_.back().deadline};
  }
  step.events.push_back(std::move(news));
  return step;
}

LifecycleStep Lifecycle::OnTelemetryEnd() {
  LifecycleStep step;
  if (!shutdown_.has_value() || (shutdown_->reason != ShutdownReason::kTimeout &&
                                 shutdown_->reason != ShutdownReason::kFailure)) {
    return step;
  }
  if (invocations_.empty() || invocations_.back().invoked == absl::InfinitePast()) {
    if (!std::exchange(init_.done, true))
      step.events.push_back(InferredEnd(Kind::kInitRuntimeDone));
  } else if (!std::exchange(invocations_.back().done, true)) {
    step.events.push_back(InferredEnd(Kind::kRuntimeDone));
  }
  return step;
}

bool Lifecycle::expects_telemetry() const {
  if (invocations_.empty()) return !init_.done;
  return !(invocations_.back().done && invocations_.back().reported);
}

bool Lifecycle::Remember(const InvocationEvent& event) {
  switch (event.kind) {
    case Kind::kInitStart:
      return RememberInit(&Init::started, event);
    case Kind::kInitRuntimeDone:
      return RememberInit(&Init::done, event);
    case Kind::kInitReport:
      return RememberInit(&Init::reported, event);
    case Kind::kStart:
      return RememberInvocation(&Invocation::started, event);
    case Kind::kRuntimeDone:
      return RememberInvocation(&Invocation::done, event);
    case Kind::kReport:
      return RememberInvocation(&Invocation::reported, event);
    default:
      return true;
  }
}

bool Lifecycle::RememberInit(bool Init::*stage, const InvocationEvent& event) {
  // An init repeated inside an invocation (reason "invoke") is told from a repeated message by its
  // time.
  if (event.kind == Kind::kInitStart && event.time > init_started_ + kClockSlack) {
    init_started_ = event.time;
    init_ = Init();
  }
  return !std::exchange(init_.*stage, true);
}

bool Lifecycle::RememberInvocation(bool Invocation::*stage, const InvocationEvent& event) {
  // From the newest: a request id may have been here before.
  for (auto it = invocations_.rbegin(); it != invocations_.rend(); ++it) {
    if (it->request_id == event.request_id && event.time + kClockSlack >= it->invoked) {
      return !std::exchange((*it).*stage, true);
    }
  }
  // Not invoked yet as far as we know, or long ago: the current one stays the last.
  Invocation unknown{event.request_id, absl::InfinitePast()};
  unknown.*stage = true;
  invocations_.insert(invocations_.empty() ? invocations_.end() : std::prev(invocations_.end()),
                      std::move(unknown));
  Forget();
  return true;
}

bool Lifecycle::IsCurrent(const InvocationEvent& event) const {
  return invocations_.back().request_id == event.request_id &&
         invocations_.back().invoked != absl::InfinitePast() && invocations_.back().done;
}

void Lifecycle::Forget() {
  if (invocations_.size() > kRemembered) invocations_.pop_front();
}

InvocationEvent Lifecycle::InferredEnd(Kind kind) const {
  const bool timeout = shutdown_->reason == ShutdownReason::kTimeout;
  InvocationEvent end;
  end.kind = kind;
  end.status = timeout ? InvocationStatus::kTimeout : InvocationStatus::kFailure;
  end.reason = "inferred from shutdown";
  end.time = shutdown_time_;
  if (kind == Kind::kRuntimeDone) {
    end.request_id = invocations_.back().request_id;
    if (timeout) end.time = std::min(end.time, invocations_.back().deadline);
  }
  return end;
}

}  // namespace lambent
