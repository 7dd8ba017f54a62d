// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "profiler/base/log.h"
#include "profiler/session/sampling_loop.h"

namespace lambent {

Session::Session(const SessionOptions& options, Dependencies dependencies)
    : options_(options), dependencies_(std::move(dependencies)) {}

Session::~Session() {
  inputs_.RequestStop();
  if (thread_.joinable()) thread_.join();
}

void Session::Start(absl::Time init_start) {
  const os::Clock& clock = dependencies_.clock;
  const absl::Duration ago = std::max(clock.UnixTime() - init_start, absl::ZeroDuration());
  const int64_t init_start_ns = clock.MonotonicNs() - absl::ToInt64Nanoseconds(ago);
  thread_ = std::thread([this, init_start_ns] { Run(init_start_ns); });
}

void Session::OnInvoke(std::string_view request_id, absl::Time time, absl::Time deadline) {
  InvocationEvent event;
  event.kind = InvocationEvent::Kind::kInvoke;
  event.time = time;
  event.request_id = std::string(request_id);
  event.deadline = deadline;
  OnEvent(std::move(event));
}

void Session::OnShutdown(std::string_view reason, absl::Time time) {
  InvocationEvent event;
  event.kind = InvocationEvent::Kind::kShutdown;
  event.time = time;
  event.reason = std::string(reason);
  OnEvent(std::move(event));
}

void Session::Run(int64_t init_start_ns) {
  {
    SamplingLoop loop(options_, dependencies_.clock, dependencies_.attach, dependencies_.metrics,
                      dependencies_.sink, inputs_, init_start_ns);
    while (!inputs_.stop()) loop.Wait(loop.Step());
    loop.Finish();
    // The sampler's own count, apart from the data: what the data has to add up to.
    Log(LogLevel::kInfo, absl::StrCat("samples captured ", loop.observed()));
  }
  finished_.Notify();
}

bool Session::Stop(absl::Time deadline) {
  if (!thread_.joinable()) return true;
  inputs_.RequestStop();
  // The deadline is the platform's date; the wait itself must not depend on a clock that jumps.
  const absl::Duration left = deadline - dependencies_.clock.UnixTime();
  return finished_.WaitForNotificationWithTimeout(std::max(left, absl::ZeroDuration()));
}

}  // namespace lambent
