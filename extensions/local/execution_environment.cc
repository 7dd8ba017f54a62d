// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/execution_environment.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

#include "extensions/local/report_lines.h"

namespace lambent::local {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
// Between two looks at the memory of what runs; a peak shorter than this before a kill is still in
// what wait4 says.
constexpr int64_t kMemoryLookNs = 100 * kMillisecond;

std::string NameOf(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

MachineConfig ConfigOf(const LocalOptions& options, const std::vector<std::string>& extensions) {
  MachineConfig config;
  for (const std::string& path : extensions) {
    config.extension_files.push_back(NameOf(path));
  }
  config.function_timeout_ns = static_cast<int64_t>(options.timeout_s * 1e9);
  config.init_timeout_ns = static_cast<int64_t>(options.init_timeout_s * 1e9);
  config.refuse_registration = options.register_refuse;
  return config;
}

uint64_t SeedOf(const LocalOptions& options) {
  return options.seed != 0 ? options.seed : std::random_device()();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ExecutionEnvironment>> ExecutionEnvironment::Create(
    const LocalOptions& options, Launch launch, os::Clock& clock, ResultWriter& results) {
  absl::StatusOr<std::unique_ptr<os::SignalWatch>> signals = os::SignalWatch::Create();
  if (!signals.ok()) return signals.status();
  std::unique_ptr<ExecutionEnvironment> environment(
      new ExecutionEnvironment(options, std::move(launch), clock, results, *std::move(signals)));
  ExecutionEnvironment* self = environment.get();
  absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Create(self->loop_, [self](Ticket ticket, const HttpMessage& request) {
        self->DrainOutputs();
        self->routes_.Handle(ticket, request);
        self->ApplyActions();
      });
  if (!server.ok()) return server.status();
  self->server_ = *std::move(server);
  self->routes_.set_server(self->server_.get());
  self->loop_.Watch(self->signals_->fd(), /*read=*/true, /*write=*/false,
                    [self] { self->OnSignals(); });
  return environment;
}

ExecutionEnvironment::ExecutionEnvironment(const LocalOptions& options, Launch launch,
                                           os::Clock& clock, ResultWriter& results,
                                           std::unique_ptr<os::SignalWatch> signals)
    : options_(options),
      launch_(std::move(launch)),
      clock_(clock),
      results_(results),
      signals_(std::move(signals)),
      ids_(SeedOf(options), options.odd_request_ids),
      machine_(ConfigOf(options, launch_.extensions)),
      telemetry_(loop_, clock, options.faults),
      routes_({options_, clock_, machine_, telemetry_, ids_, invocation_}, [this] {
        invocation_.printed = true;
        results_.Response(invocation_);
      }) {
  records_.function_name = options.function_name;
  records_.function_version = options.function_version;
  records_.memory_mb = options.memory_mb;
  records_.runtime_version = launch_.runtime.version;
  extensions_.resize(launch_.extensions.size());
}

bool ExecutionEnvironment::Settled() const {
  return !invoking_ && (machine_.stage() == InvokeStateMachine::Stage::kNone ||
                        machine_.stage() == InvokeStateMachine::Stage::kParked);
}

absl::Status ExecutionEnvironment::Initialise() {
  machine_.Start(clock_.MonotonicNs());
  ApplyActions();
  while (!Settled()) {
    if (absl::Status step = Step(InvokeStateMachine::kNever); !step.ok()) return step;
  }
  return absl::OkStatus();
}

absl::Status ExecutionEnvironment::Invoke(const std::string& event) {
  const absl::Time deadline = clock_.UnixTime() + absl::Seconds(options_.timeout_s);
  ++invocation_.number;
  invocation_.request_id = ids_.NextRequestId();
  invocation_.event = event;
  invocation_.trace_id = ids_.NextTraceId(absl::ToUnixSeconds(clock_.UnixTime()));
  invocation_.deadline_unix_ms = absl::ToUnixMillis(deadline);
  invocation_.answered = invocation_.printed = false;
  invocation_.response.clear();
  records_.trace_id = invocation_.trace_id;
  invoking_ = true;
  machine_.Invoke(invocation_.request_id, clock_.MonotonicNs());
  ApplyActions();
  while (!Settled()) {
    if (absl::Status step = Step(InvokeStateMachine::kNever); !step.ok()) return step;
  }
  return absl::OkStatus();
}

absl::Status ExecutionEnvironment::Freeze(int64_t length_ns) {
  if (machine_.stage() != InvokeStateMachine::Stage::kParked || interrupted_ || length_ns <= 0) {
    return absl::OkStatus();
  }
  SignalAll(os::GroupSignal::kStop);
  stopped_ = true;
  const int64_t until = clock_.MonotonicNs() + length_ns;
  while (clock_.MonotonicNs() < until && stopped_) {
    if (absl::Status step = Step(until); !step.ok()) return step;
  }
  return absl::OkStatus();
}

absl::Status ExecutionEnvironment::Shutdown() {
  if (!Settled() || machine_.stage() == InvokeStateMachine::Stage::kParked) {
    machine_.Shutdown(ShutdownReason::kSpindown, clock_.MonotonicNs());
    ApplyActions();
  }
  while (machine_.stage() != InvokeStateMachine::Stage::kNone) {
    if (absl::Status step = Step(InvokeStateMachine::kNever); !step.ok()) return step;
  }
  return absl::OkStatus();
}

absl::Status ExecutionEnvironment::Step(int64_t until_ns) {
  int64_t next = std::min({until_ns, machine_.NextDeadline(), telemetry_.NextDeadline()});
  if (invoking_) next = std::min(next, next_memory_look_ns_);
  const int64_t now = clock_.MonotonicNs();
  const int64_t wait = next == InvokeStateMachine::kNever ? -1 : std::max<int64_t>(0, next - now);
  if (absl::Status turned = loop_.Turn(wait); !turned.ok()) return turned;
  const int64_t after = clock_.MonotonicNs();
  if (invoking_ && after >= next_memory_look_ns_) {
    PeakMemoryBytes();
    next_memory_look_ns_ = after + kMemoryLookNs;
  }
  machine_.OnTime(after);
  telemetry_.OnTime();
  ApplyActions();
  return absl::OkStatus();
}

void ExecutionEnvironment::OnSignals() {
  const os::SignalWatch::Pending pending = signals_->Drain();
  if (pending.stop) {
    if (std::exchange(interrupted_, true)) SignalAll(os::GroupSignal::kKill);  // asked twice
    machine_.Shutdown(ShutdownReason::kSpindown, clock_.MonotonicNs());
  }
  if (pending.child) ReapChildren();
  ApplyActions();
}

void ExecutionEnvironment::ReapChildren() {
  if (runtime_ != nullptr) {
    if (const std::optional<os::ChildExit> exit = runtime_->Reap(); exit.has_value()) {
      runtime_exit_ = exit;
      machine_.RuntimeExited(/*launched=*/true, clock_.MonotonicNs());
      ApplyActions();
    }
  }
  for (size_t i = 0; i < extensions_.size(); ++i) {
    const std::optional<os::ChildExit> exit =
        extensions_[i] == nullptr ? std::nullopt : extensions_[i]->Reap();
    if (!exit.has_value()) continue;
    if (failure_text_.empty()) {
      failure_text_ =
          absl::StrCat("extension ", NameOf(launch_.extensions[i]), ": ", ExitText(*exit));
    }
    machine_.ExtensionExited(i, /*launched=*/true, clock_.MonotonicNs());
    ApplyActions();
  }
}

void ExecutionEnvironment::DrainOutputs() {
  if (runtime_ != nullptr) runtime_->DrainOutput();
  for (const auto& extension : extensions_) {
    if (extension != nullptr) extension->DrainOutput();
  }
}

int64_t ExecutionEnvironment::PeakMemoryBytes() {
  int64_t sum = runtime_ == nullptr ? 0 : runtime_->PeakMemoryBytes();
  for (const auto& extension : extensions_) {
    if (extension != nullptr) sum += extension->PeakMemoryBytes();
  }
  return sum;
}

void ExecutionEnvironment::SignalAll(os::GroupSignal signal) {
  if (runtime_ != nullptr) runtime_->Signal(signal);
  for (const auto& extension : extensions_) {
    if (extension != nullptr) extension->Signal(signal);
  }
}

void ExecutionEnvironment::Thaw() {
  if (std::exchange(stopped_, false)) SignalAll(os::GroupSignal::kContinue);
  telemetry_.Resume();
}

}  // namespace lambent::local
