// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "extensions/local/invoke_state_machine.h"

namespace lambent::local {
namespace {

constexpr size_t kMaxExtensions = 10;

double Milliseconds(int64_t ns) { return static_cast<double>(ns) / 1e6; }

}  // namespace

bool InvokeStateMachine::Extension::Wants(const char* event) const {
  return std::find(events.begin(), events.end(), event) != events.end();
}

InvokeStateMachine::Extension* InvokeStateMachine::FindById(const std::string& id) {
  for (Extension& extension : extensions_) {
    if (!extension.id.empty() && extension.id == id) return &extension;
  }
  return nullptr;
}

const InvokeStateMachine::Extension* InvokeStateMachine::FindById(const std::string& id) const {
  for (const Extension& extension : extensions_) {
    if (!extension.id.empty() && extension.id == id) return &extension;
  }
  return nullptr;
}

bool InvokeStateMachine::AllReady() const {
  return runtime_ready_ &&
         std::all_of(extensions_.begin(), extensions_.end(), [](const Extension& extension) {
           return extension.mode == Mode::kReady || extension.mode == Mode::kRefused;
         });
}

void InvokeStateMachine::Start(int64_t now) { BeginInit(InitPhase::kInit, now); }

void InvokeStateMachine::BeginInit(InitPhase phase, int64_t now) {
  stage_ = Stage::kExtensionsStarting;
  init_phase_ = phase;
  init_start_ns_ = now;
  init_runtime_done_ = false;
  init_error_type_.clear();
  deadline_ns_ =
      phase == InitPhase::kInit ? now + config_.init_timeout_ns : invocation_deadline_ns_;
  extensions_.clear();
  for (const std::string& file : config_.extension_files) {
    extensions_.push_back(Extension{file});
  }
  Act(InitStarted{phase});
  Act(LaunchExtensions{});
  LaunchRuntimeIfRegistered();
}

void InvokeStateMachine::LaunchRuntimeIfRegistered() {
  for (const Extension& extension : extensions_) {
    if (extension.external && extension.mode == Mode::kStarting) return;
  }
  stage_ = Stage::kRuntimeStarting;
  runtime_alive_ = true;
  Act(LaunchRuntime{});
}

ApiRefusal InvokeStateMachine::Register(const std::string& name, const std::string& id,
                                        const std::vector<std::string>& events) {
  if (name.empty()) return {"Extension.InvalidExtensionName", "Empty extension name"};
  if (!init_open()) {
    return {"Extension.RegistrationClosed", "Extension registration closed already"};
  }
  for (const std::string& event : events) {
    if (event != "INVOKE" && event != "SHUTDOWN") {
      return {"Extension.InvalidEventType", event + ": invalid event type"};
    }
  }
  const auto known = std::find_if(extensions_.begin(), extensions_.end(),
                                  [&](const Extension& e) { return e.name == name; });
  if (known != extensions_.end() && known->mode != Mode::kStarting) {
    return {"Extension.InvalidExtensionState", "Extension " + name + " has already registered"};
  }
  const bool external = known != extensions_.end();
  if (config_.refuse_registration) {
    if (external) known->mode = Mode::kRefused;
    if (stage_ == Stage::kExtensionsStarting) LaunchRuntimeIfRegistered();
    return {"Extension.RegistrationClosed", "Registration is refused, as was asked for"};
  }
  if (!external && runtime_ready_) {
    return {"Extension.RegistrationClosed", "Extension registration closed already"};
  }
  if (!external && std::find(events.begin(), events.end(), "SHUTDOWN") != events.end()) {
    return {"ShutdownEventNotSupportedForInternalExtension",
            "Shutdown event is not supported for internal extensions"};
  }
  if (!external && extensions_.size() >= kMaxExtensions) {
    return {"Extension.TooManyExtensions", "Extension limit (10) reached"};
  }
  Extension& extension =
      external ? *known : extensions_.emplace_back(Extension{name, /*external=*/false});
  extension.mode = Mode::kRegistered;
  extension.id = id;
  extension.events = events;
  if (stage_ == Stage::kExtensionsStarting) LaunchRuntimeIfRegistered();
  return {};
}

ApiRefusal InvokeStateMachine::ExtensionNext(const std::string& id, Ticket ticket, int64_t now) {
  Extension* extension = FindById(id);
  if (extension == nullptr || extension->mode == Mode::kGone) {
    return {"Extension.UnknownExtensionIdentifier", "Unknown extension " + id};
  }
  if (!extension->error_type.empty()) {
    return {"Extension.InvalidExtensionState", "The extension has reported an error"};
  }
  if (extension->ticket != 0) Act(DropTicket{extension->ticket});
  extension->ticket = ticket;
  extension->mode = Mode::kReady;
  if (std::exchange(extension->shutdown_due, false)) {
    extension->mode = Mode::kBusy;
    Act(AnswerShutdown{std::exchange(extension->ticket, 0), shutdown_reason_,
                       shutdown_deadline_ns_});
    return {};
  }
  FinishInitIfReady(now);
  FinishInvocationIfReady(now);
  return {};
}

ApiRefusal InvokeStateMachine::ExtensionError(const std::string& id, bool init,
                                              const std::string& error_type) {
  Extension* extension = FindById(id);
  if (extension == nullptr || extension->mode == Mode::kGone) {
    return {"Extension.UnknownExtensionIdentifier", "Unknown extension " + id};
  }
  if (init && extension->mode != Mode::kRegistered) {
    return {"Extension.InvalidExtensionState", "init/error is allowed only before the first next"};
  }
  extension->error_type = error_type;  // takes effect when the process ends
  return {};
}

ApiRefusal InvokeStateMachine::Subscribe(const std::string& id, std::string* name) const {
  const Extension* extension = FindById(id);
  if (extension == nullptr || extension->mode == Mode::kGone) {
    return {"Extension.UnknownExtensionIdentifier", "Unknown extension " + id};
  }
  if (!init_open()) {
    return {"Telemetry.SubscriptionClosed", "Telemetry API subscription is closed already"};
  }
  *name = extension->name;
  return {};
}

ApiRefusal InvokeStateMachine::RuntimeInitError(const std::string& error_type, int64_t now) {
  if (stage_ != Stage::kRuntimeStarting || runtime_ready_) {
    return {"InvalidStateTransition", "init/error is allowed only during init"};
  }
  init_error_type_ = error_type.empty() ? "Runtime.Unknown" : error_type;
  FailInit(Status::kError, init_error_type_, now);
  return {};
}

void InvokeStateMachine::FinishInitIfReady(int64_t now) {
  if (stage_ != Stage::kRuntimeStarting || !AllReady()) return;
  for (const Extension& extension : extensions_) {
    if (extension.mode != Mode::kReady) continue;
    Act(ExtensionState{extension.name, "Ready", extension.events, ""});
  }
  const double duration_ms = Milliseconds(now - init_start_ns_);
  Act(InitReported{init_phase_, Status::kSuccess, "", duration_ms});
  if (init_phase_ == InitPhase::kInit) cold_init_ms_ = duration_ms;
  if (invocation_open_) {
    BeginInvocation(now);
    return;
  }
  stage_ = Stage::kParked;
  deadline_ns_ = kNever;
  Act(Parked{});
}

void InvokeStateMachine::FailInit(Status status, const std::string& error_type, int64_t now) {
  if (stage_ == Stage::kRuntimeStarting && !std::exchange(init_runtime_done_, true)) {
    Act(InitRuntimeDone{init_phase_, status, error_type});
  }
  for (const Extension& extension : extensions_) {
    const bool failed = extension.mode == Mode::kGone;
    Act(ExtensionState{extension.name,
                       failed                                ? "InitError"
                       : extension.mode == Mode::kStarting   ? "Started"
                       : extension.mode == Mode::kRegistered ? "Registered"
                                                             : "Ready",
                       extension.events, failed ? error_type : ""});
  }
  Act(InitReported{init_phase_, status, error_type, Milliseconds(now - init_start_ns_)});
  if (invocation_open_) {
    Act(InvocationStarted{request_id_});
    runtime_done_ns_ = now;
    FailInvocation(status == Status::kTimeout ? status : Status::kError, error_type, now);
  }
  BeginShutdown(status == Status::kTimeout ? ShutdownReason::kTimeout : ShutdownReason::kFailure,
                now);
}

}  // namespace lambent::local
