// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "extensions/local/execution_environment.h"
#include "extensions/local/report_lines.h"

namespace lambent::local {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

void ExecutionEnvironment::ApplyActions() {
  // Carrying one out can make the machine want more (a launch that fails).
  for (std::vector<MachineAction> actions = machine_.TakeActions(); !actions.empty();
       actions = machine_.TakeActions()) {
    for (const MachineAction& action : actions) Apply(action);
  }
}

void ExecutionEnvironment::Apply(const MachineAction& action) {
  std::visit(Overloaded{
                 [this](const LaunchExtensions&) { LaunchExtensionProcesses(); },
                 [this](const LaunchRuntime&) { LaunchRuntimeProcess(); },
                 [this](const AnswerRuntime& a) { routes_.SendEvent(a.ticket); },
                 [this](const AnswerInvoke& a) { routes_.SendInvoke(a.ticket); },
                 [this](const AnswerShutdown& a) { routes_.SendShutdown(a); },
                 [this](const DropTicket& a) { server_->Drop(a.ticket); },
                 [this](const TerminateRuntime&) {
                   if (runtime_ != nullptr) runtime_->Signal(os::GroupSignal::kTerminate);
                 },
                 [this](const KillRuntime&) {
                   if (runtime_ != nullptr) runtime_->Signal(os::GroupSignal::kKill);
                 },
                 [this](const KillExtension& a) {
                   if (extensions_[a.index] != nullptr) {
                     extensions_[a.index]->Signal(os::GroupSignal::kKill);
                   }
                 },
                 [this](const Parked&) {
                   was_ready_ = true;
                   telemetry_.CloseSubscriptions();
                   telemetry_.Pause();
                 },
                 [this](const ShutdownBegun&) {
                   Thaw();
                   telemetry_.SendAtOnce();
                 },
                 [this](const EnvironmentGone&) {
                   runtime_.reset();
                   for (auto& extension : extensions_) extension.reset();
                   telemetry_.Reset();
                 },
                 [this](const InvocationDone& a) { FinishInvocation(a.outcome); },
                 [this](const auto& fact) { EmitFact(fact); },
             },
             action);
}

void ExecutionEnvironment::EmitFact(MachineAction action) {
  if (auto* report = std::get_if<InvocationReported>(&action)) {
    report->outcome.peak_memory_bytes = PeakMemoryBytes();
    outcome_ = report->outcome;
  } else if (const auto* started = std::get_if<InvocationStarted>(&action)) {
    was_ready_ = was_ready_ || machine_.stage() == InvokeStateMachine::Stage::kInvoking;
    Thaw();
    telemetry_.CloseSubscriptions();
    results_.PlatformLine(StartLine(started->request_id, options_.function_version));
  } else if (const auto* init = std::get_if<InitReported>(&action)) {
    if (init->status != Status::kSuccess) {
      if (!failure_text_.empty()) results_.LogLine("platform", failure_text_);
      results_.PlatformLine(InitReportLine(*init));
    }
  }
  const std::optional<TelemetryEvent> event = FactEvent(action, records_, clock_.UnixTime());
  if (event.has_value()) telemetry_.Emit(*event);
}

void ExecutionEnvironment::FinishInvocation(const Outcome& outcome) {
  invoking_ = false;
  outcome_ = outcome;
  outcome_.peak_memory_bytes = PeakMemoryBytes();
  const bool platform_answers = !invocation_.answered;
  std::string message = outcome.error_type;
  if (outcome.status == Status::kTimeout) {
    message = absl::StrFormat("Task timed out after %.2f seconds", options_.timeout_s);
  } else if (outcome.error_type == "Runtime.ExitError" && runtime_exit_.has_value()) {
    message = RuntimeExitMessage(*runtime_exit_);
  } else if (!failure_text_.empty()) {
    message = failure_text_;
  }
  if (platform_answers) {
    invocation_.response = PlatformErrorBody(outcome.error_type, outcome.request_id, message);
  }
  if (outcome.status == Status::kFailure ||
      (outcome.status == Status::kError && platform_answers)) {
    results_.PlatformLine(absl::StrCat("RequestId: ", outcome.request_id, " Error: ", message));
    results_.PlatformLine(outcome.error_type);
  }
  if (!invocation_.printed) results_.Response(invocation_);
  results_.Report(outcome_, invocation_);
  if (outcome.status == Status::kTimeout) {
    results_.PlatformLine(
        absl::StrCat(IsoTime(clock_.UnixTime()), " ", outcome.request_id, " ", message));
  }
}

void ExecutionEnvironment::LaunchExtensionProcesses() {
  runtime_exit_.reset();
  failure_text_.clear();
  const Variables variables =
      ExtensionVariables(RuntimeVariables(options_, launch_.ours, server_->port(),
                                          launch_.task_root, launch_.runtime.execution_env),
                         options_.extension_environment);
  for (size_t i = 0; i < extensions_.size(); ++i) {
    extensions_[i] = nullptr;
    if (failure_text_.empty()) {
      const std::string& path = launch_.extensions[i];
      const std::string name = path.substr(path.rfind('/') + 1);
      absl::StatusOr<std::unique_ptr<ProcessGroup>> started = ProcessGroup::Start(
          loop_, {path, {path}, ToStrings(variables), "/"}, [this, name](const std::string& line) {
            results_.LogLine(name, line);
            telemetry_.Emit(LineEvent("extension", line, clock_.UnixTime()));
          });
      if (started.ok()) {
        extensions_[i] = *std::move(started);
        continue;
      }
      failure_text_ = std::string(started.status().message());
    }
    machine_.ExtensionExited(i, /*launched=*/false, clock_.MonotonicNs());
  }
}

void ExecutionEnvironment::LaunchRuntimeProcess() {
  const Variables variables = RuntimeVariables(options_, launch_.ours, server_->port(),
                                               launch_.task_root, launch_.runtime.execution_env);
  absl::StatusOr<std::unique_ptr<ProcessGroup>> started = ProcessGroup::Start(
      loop_,
      {launch_.runtime.program, launch_.runtime.arguments, ToStrings(variables), launch_.task_root},
      [this](const std::string& line) {
        results_.LogLine("", line);
        telemetry_.Emit(LineEvent("function", line, clock_.UnixTime()));
      });
  if (started.ok()) {
    runtime_ = *std::move(started);
    return;
  }
  failure_text_ = std::string(started.status().message());
  machine_.RuntimeExited(/*launched=*/false, clock_.MonotonicNs());
}

}  // namespace lambent::local
