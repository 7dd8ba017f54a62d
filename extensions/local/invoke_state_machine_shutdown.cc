// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "extensions/local/invoke_state_machine.h"

namespace lambent::local {
namespace {

// The platform's budgets for a shutdown: with external extensions, with internal ones only.
constexpr int64_t kExternalBudgetNs = 2'000'000'000;
constexpr int64_t kInternalBudgetNs = 500'000'000;
// rapid gives the runtime this share of it after SIGTERM.
constexpr int64_t kRuntimePercent = 30;

}  // namespace

void InvokeStateMachine::Shutdown(ShutdownReason reason, int64_t now) {
  if (stage_ == Stage::kStoppingRuntime || stage_ == Stage::kStoppingExtensions) return;
  if (stage_ == Stage::kNone) {
    Act(EnvironmentGone{});
    return;
  }
  if (invocation_open_) FailInvocation(Status::kFailure, "Sandbox.Terminated", now);
  BeginShutdown(reason, now);
}

void InvokeStateMachine::BeginShutdown(ShutdownReason reason, int64_t now) {
  const bool any = !extensions_.empty();
  const bool external = !config_.extension_files.empty();
  const int64_t budget = external ? kExternalBudgetNs : any ? kInternalBudgetNs : 0;
  shutdown_reason_ = reason;
  shutdown_deadline_ns_ = now + budget;
  stage_ = Stage::kStoppingRuntime;
  cold_init_ms_ = -1;
  Act(ShutdownBegun{});
  if (!runtime_alive_) {
    StopExtensions(now);
    return;
  }
  if (budget == 0) {
    deadline_ns_ = kNever;
    Act(KillRuntime{});
    return;
  }
  deadline_ns_ = now + budget * kRuntimePercent / 100;
  Act(TerminateRuntime{});
}

void InvokeStateMachine::StopExtensions(int64_t now) {
  stage_ = Stage::kStoppingExtensions;
  deadline_ns_ = std::max(now, shutdown_deadline_ns_);
  for (size_t i = 0; i < extensions_.size(); ++i) {
    Extension& extension = extensions_[i];
    if (extension.exited) extension.mode = Mode::kGone;
    if (extension.mode == Mode::kGone) continue;
    if (!extension.external) {
      extension.mode = Mode::kGone;  // it lived in the runtime
      if (extension.ticket != 0) Act(DropTicket{std::exchange(extension.ticket, 0)});
    } else if (!extension.Wants("SHUTDOWN")) {
      Act(KillExtension{i});
    } else if (extension.ticket != 0) {
      extension.mode = Mode::kBusy;
      Act(AnswerShutdown{std::exchange(extension.ticket, 0), shutdown_reason_,
                         shutdown_deadline_ns_});
    } else {
      extension.shutdown_due = true;
    }
  }
  EndIfGone();
}

void InvokeStateMachine::ExtensionExited(size_t index, bool launched, int64_t now) {
  Extension& extension = extensions_[index];
  const bool initialised = extension.mode == Mode::kReady || extension.mode == Mode::kBusy;
  if (extension.mode == Mode::kGone) return;
  const bool refused = extension.mode == Mode::kRefused;
  extension.mode = Mode::kGone;
  if (extension.ticket != 0) Act(DropTicket{std::exchange(extension.ticket, 0)});
  const char* error_type = !launched                      ? "Extension.LaunchError"
                           : extension.error_type.empty() ? "Extension.Crash"
                           : initialised                  ? "Extension.ExitError"
                                                          : "Extension.InitError";
  if (refused && stage_ != Stage::kStoppingExtensions) {
    extension.mode = Mode::kRefused;  // nothing depends on it
    extension.exited = true;
    return;
  }
  switch (stage_) {
    case Stage::kExtensionsStarting:
    case Stage::kRuntimeStarting:
      FailInit(Status::kError, error_type, now);
      return;
    case Stage::kInvoking:
      FailInvocation(Status::kFailure, error_type, now);
      BeginShutdown(ShutdownReason::kFailure, now);
      return;
    case Stage::kParked:
      BeginShutdown(ShutdownReason::kFailure, now);
      return;
    case Stage::kNone:
    case Stage::kStoppingRuntime:
    case Stage::kStoppingExtensions:
      EndIfGone();
      return;
  }
}

void InvokeStateMachine::EndIfGone() {
  if (stage_ != Stage::kStoppingExtensions || runtime_alive_) return;
  for (const Extension& extension : extensions_) {
    if (extension.mode != Mode::kGone) return;
  }
  stage_ = Stage::kNone;
  deadline_ns_ = kNever;
  extensions_.clear();
  Act(EnvironmentGone{});
}

}  // namespace lambent::local
