// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/invoke_state_machine.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lambent::local {
namespace {

double Milliseconds(int64_t ns) { return static_cast<double>(ns) / 1e6; }

}  // namespace

std::vector<MachineAction> InvokeStateMachine::TakeActions() { return std::exchange(actions_, {}); }

void InvokeStateMachine::Invoke(std::string request_id, int64_t now) {
  invocation_open_ = true;
  invocation_started_ = runtime_done_ = answered_ = false;
  request_id_ = std::move(request_id);
  answer_error_type_.clear();
  answer_bytes_ = 0;
  invocation_start_ns_ = now;
  invocation_deadline_ns_ = now + config_.function_timeout_ns;
  if (stage_ == Stage::kNone) {
    BeginInit(InitPhase::kInvoke, now);
  } else {
    BeginInvocation(now);
  }
}

void InvokeStateMachine::BeginInvocation(int64_t now) {
  stage_ = Stage::kInvoking;
  deadline_ns_ = invocation_deadline_ns_;
  invocation_started_ = true;
  runtime_done_ns_ = now;
  Act(InvocationStarted{request_id_});
  for (Extension& extension : extensions_) {
    if (extension.mode != Mode::kReady || !extension.Wants("INVOKE")) continue;
    Act(AnswerInvoke{std::exchange(extension.ticket, 0)});
    extension.mode = Mode::kBusy;
  }
  runtime_ready_ = false;
  Act(AnswerRuntime{std::exchange(runtime_ticket_, 0)});
}

ApiRefusal InvokeStateMachine::RuntimeNext(Ticket ticket, int64_t now) {
  if (!runtime_alive_ || (stage_ == Stage::kInvoking && !answered_ && !runtime_ready_)) {
    return {"InvalidStateTransition", "Transition from Running to Ready is not allowed."};
  }
  if (runtime_ticket_ != 0) Act(DropTicket{runtime_ticket_});
  runtime_ticket_ = ticket;
  runtime_ready_ = true;
  if (stage_ == Stage::kRuntimeStarting) {
    if (!std::exchange(init_runtime_done_, true)) {
      Act(InitRuntimeDone{init_phase_, Status::kSuccess, ""});
    }
    FinishInitIfReady(now);
  } else if (stage_ == Stage::kInvoking) {
    EmitRuntimeDone(answer_error_type_.empty() ? Status::kSuccess : Status::kError,
                    answer_error_type_, now);
    FinishInvocationIfReady(now);
  }
  return {};
}

ApiRefusal InvokeStateMachine::RuntimeAnswer(const std::string& request_id,
                                             const std::string& error_type, int64_t body_bytes,
                                             int64_t now) {
  if (stage_ != Stage::kInvoking || request_id != request_id_) {
    return {"InvalidRequestID", "Invalid request ID"};
  }
  if (answered_) return {"InvalidStateTransition", "The invocation was already answered."};
  answered_ = true;
  answer_ns_ = now;
  answer_bytes_ = body_bytes;
  answer_error_type_ = error_type;
  return {};
}

void InvokeStateMachine::EmitRuntimeDone(Status status, const std::string& error_type,
                                         int64_t now) {
  if (std::exchange(runtime_done_, true)) return;
  runtime_done_ns_ = now;
  RuntimeDone done{request_id_, status, error_type, Milliseconds(now - invocation_start_ns_)};
  if (answered_) {
    done.response_latency_ms = Milliseconds(answer_ns_ - invocation_start_ns_);
    done.produced_bytes = answer_bytes_;
  }
  Act(std::move(done));
}

void InvokeStateMachine::FinishInvocationIfReady(int64_t now) {
  if (stage_ != Stage::kInvoking || !runtime_done_ || !AllReady()) return;
  stage_ = Stage::kParked;
  deadline_ns_ = kNever;
  CloseInvocation(answer_error_type_.empty() ? Status::kSuccess : Status::kError,
                  answer_error_type_, now);
  Act(Parked{});
}

void InvokeStateMachine::FailInvocation(Status status, const std::string& error_type, int64_t now) {
  EmitRuntimeDone(status, error_type, now);
  CloseInvocation(status, error_type, now);
}

void InvokeStateMachine::CloseInvocation(Status status, const std::string& error_type,
                                         int64_t now) {
  invocation_open_ = false;
  Outcome outcome;
  outcome.request_id = request_id_;
  outcome.status = status;
  outcome.error_type = error_type;
  outcome.duration_ms = Milliseconds(now - invocation_start_ns_);
  if (status == Status::kTimeout) outcome.duration_ms = Milliseconds(config_.function_timeout_ns);
  outcome.init_ms = std::exchange(cold_init_ms_, -1);
  outcome.billed_ms =
      static_cast<int64_t>(std::ceil(outcome.duration_ms + std::max(0.0, outcome.init_ms)));
  if (runtime_done_) outcome.overhead_ms = Milliseconds(now - runtime_done_ns_);
  Act(InvocationReported{outcome});
  Act(InvocationDone{outcome});
}

void InvokeStateMachine::RuntimeExited(bool launched, int64_t now) {
  if (!launched) init_error_type_ = "Runtime.InvalidEntrypoint";
  runtime_alive_ = runtime_ready_ = false;
  if (runtime_ticket_ != 0) Act(DropTicket{std::exchange(runtime_ticket_, 0)});
  switch (stage_) {
    case Stage::kRuntimeStarting:
      FailInit(Status::kError, init_error_type_.empty() ? "Runtime.ExitError" : init_error_type_,
               now);
      return;
    case Stage::kInvoking:
      FailInvocation(Status::kFailure, "Runtime.ExitError", now);
      BeginShutdown(ShutdownReason::kFailure, now);
      return;
    case Stage::kParked:
      BeginShutdown(ShutdownReason::kFailure, now);
      return;
    case Stage::kStoppingRuntime:
      StopExtensions(now);
      return;
    case Stage::kNone:
    case Stage::kExtensionsStarting:
    case Stage::kStoppingExtensions:
      EndIfGone();
      return;
  }
}

void InvokeStateMachine::OnTime(int64_t now) {
  if (now < deadline_ns_) return;
  switch (stage_) {
    case Stage::kExtensionsStarting:
    case Stage::kRuntimeStarting:
      FailInit(Status::kTimeout, "Sandbox.Timedout", now);
      return;
    case Stage::kInvoking:
      FailInvocation(Status::kTimeout, "Sandbox.Timedout", now);
      BeginShutdown(ShutdownReason::kTimeout, now);
      return;
    case Stage::kStoppingRuntime:
      deadline_ns_ = kNever;  // SIGKILL cannot be refused: its end comes as RuntimeExited
      Act(KillRuntime{});
      return;
    case Stage::kStoppingExtensions:
      deadline_ns_ = kNever;
      for (size_t i = 0; i < config_.extension_files.size(); ++i) {
        if (extensions_[i].mode != Mode::kGone) Act(KillExtension{i});
      }
      return;
    case Stage::kNone:
    case Stage::kParked:
      return;
  }
}

}  // namespace lambent::local
