// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/extension.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"

#include "extensions/external/configuration.h"
#include "extensions/external/profiling.h"
#include "extensions/lambda_api/extensions_api.h"
#include "profiler/base/log.h"
#include "profiler/os/clock.h"
#include "profiler/os/environment.h"
#include "profiler/os/process_limits.h"

namespace lambent {
namespace {

constexpr int kNotInLambda = 2;
constexpr size_t kThreadStackBytes = 1 << 20;

void Pause(absl::Duration length) {
  os::Clock& clock = os::RealClock();
  clock.SleepUntil(clock.MonotonicNs() + absl::ToInt64Nanoseconds(length));
}

int ExplainNotInLambda(const std::string& cause) {
  Log(LogLevel::kError, cause + "; this program is started by AWS Lambda");
  std::fputs(
      "To run a function with it here, use: lambent local --extensions DIR ...\n"
      "More: lambent-extension --help\n",
      stderr);
  return kNotInLambda;
}

std::vector<std::string_view> EventsToRegister(const Configuration& configuration) {
  // Managed instances refuse INVOKE; and who does nothing at INVOKE need not be woken by it.
  if (!configuration.enabled || configuration.function.managed_instances()) return {"SHUTDOWN"};
  return {"INVOKE", "SHUTDOWN"};
}

// The variables are the function's; a library of ours must not act on them (a proxy meant for the
// function's own calls, a debugging switch of its own gRPC).
void ForgetForeignSettings() {
  for (const char* prefix : {"GRPC_", "grpc_proxy", "http_proxy", "https_proxy", "HTTP_PROXY",
                             "HTTPS_PROXY", "no_proxy", "no_grpc_proxy"}) {
    os::UnsetVariablesWithPrefix(prefix);
  }
}

// Waits for events for ever, and ends the process after SHUTDOWN. `profiling` may be null.
[[noreturn]] void RunEvents(ExtensionsApi& api, Profiling* profiling) {
  for (int failures = 0;;) {
    const absl::StatusOr<ExtensionEvent> event = api.Next();
    if (!event.ok()) {
      if (++failures == 1) Log(LogLevel::kInfo, std::string(event.status().message()));
      Pause(NextRetryDelay(failures));
      continue;
    }
    failures = 0;
    if (const auto* invoke = std::get_if<InvokeEvent>(&*event)) {
      if (profiling != nullptr) profiling->OnInvoke(*invoke);
    } else if (const auto* shutdown = std::get_if<ShutdownEvent>(&*event)) {
      if (profiling != nullptr) profiling->OnShutdown(*shutdown);
      os::ExitNow(0);
    }
  }
}

// Registers, with another attempt where that is worth it. Nullopt: there is no platform.
std::optional<Registration> Register(ExtensionsApi& api, const CommandLine& command_line,
                                     const Configuration& configuration) {
  for (int attempts = 1;; ++attempts) {
    absl::StatusOr<Registration> registration =
        api.Register(command_line.name, EventsToRegister(configuration));
    if (registration.ok()) return *std::move(registration);
    const std::string cause(registration.status().message());
    switch (DecideAfterFailedRegister(registration.status(), attempts)) {
      case RegisterFailure::kRetry:
        Pause(absl::Milliseconds(20) * attempts);
        break;
      case RegisterFailure::kExplain:
        ExplainNotInLambda(cause);
        return std::nullopt;
      case RegisterFailure::kStayIdle:
        Log(LogLevel::kError, cause + "; nothing is profiled");
        os::SleepForever();
    }
  }
}

}  // namespace

RegisterFailure DecideAfterFailedRegister(const absl::Status& failure, int attempts) {
  switch (failure.code()) {
    case absl::StatusCode::kUnavailable:
      return RegisterFailure::kExplain;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kAborted:
      return attempts < 3 ? RegisterFailure::kRetry : RegisterFailure::kStayIdle;
    default:
      return RegisterFailure::kStayIdle;
  }
}

absl::Duration NextRetryDelay(int failures) {
  return std::min(absl::Milliseconds(10) * (1 << std::min(failures - 1, 10)), absl::Seconds(1));
}

int RunExtension(const CommandLine& command_line) {
  const absl::Time started = os::RealClock().UnixTime();
  os::DisableCoreDumps();
  os::IgnoreTerminationSignals();
  os::LimitMallocArenas();
  os::SetDefaultThreadStack(kThreadStackBytes);

  const os::Environment environment = os::ReadEnvironment();
  const Configuration configuration = ReadConfiguration(environment);
  SetLogLevel(configuration.log_level);
  const std::string address(os::ValueOf(environment, "AWS_LAMBDA_RUNTIME_API"));
  if (address.empty()) return ExplainNotInLambda("AWS_LAMBDA_RUNTIME_API is not set");
  const absl::StatusOr<os::Endpoint> endpoint = os::Endpoint::Parse(address);
  if (!endpoint.ok()) return ExplainNotInLambda(std::string(endpoint.status().message()));

  // The runtime is started when every extension has registered: nothing that can wait is above.
  ExtensionsApi api(*endpoint);
  std::optional<Registration> registration = Register(api, command_line, configuration);
  if (!registration.has_value()) return kNotInLambda;
  for (const std::string& complaint : configuration.complaints) Log(LogLevel::kWarn, complaint);
  if (!configuration.enabled) RunEvents(api, nullptr);

  ForgetForeignSettings();
  const auto profiling = std::make_unique<Profiling>(
      Profiling::Setup{configuration, *std::move(registration), *endpoint, address,
                       command_line.extensions_folder, started});
  profiling->Start();
  RunEvents(api, profiling.get());
}

}  // namespace lambent
