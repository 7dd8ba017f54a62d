// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "extensions/local/machine_action.h"

namespace lambent::local {

struct MachineConfig {
  std::vector<std::string> extension_files;  // base names, what they must register as
  int64_t function_timeout_ns = 3'000'000'000;
  int64_t init_timeout_ns = 10'000'000'000;
  // Every registration is refused, and nobody waits for those who were: a platform that has no
  // place for extensions.
  bool refuse_registration = false;
};

// Why an API call was refused. error_type empty: it was accepted.
struct ApiRefusal {
  std::string error_type;
  std::string message;
  bool refused() const { return !error_type.empty(); }
};

// The life of one Lambda execution environment: init, invocations, freeze points, time-outs,
// crashes, resets and shutdown, by the rules of the Extensions and Runtime APIs. Pure: events go in
// with their time (CLOCK_MONOTONIC, ns), actions come out; no clock, process or socket inside. It
// is used again for the environment that follows a reset. Thread-compatible.
class InvokeStateMachine {
 public:
  enum class Stage {
    kNone,                // no process
    kExtensionsStarting,  // launched, not all registered
    kRuntimeStarting,     // runtime launched, not all parked in their first next
    kParked,
    kInvoking,
    kStoppingRuntime,     // SIGTERM sent, 30 % of the budget
    kStoppingExtensions,  // SHUTDOWN sent, the rest of the budget
  };
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  explicit InvokeStateMachine(MachineConfig config) : config_(std::move(config)) {}

  // What is to be done since the last call.
  std::vector<MachineAction> TakeActions();

  // REQUIRES stage kNone. Initialises ahead of any invocation.
  void Start(int64_t now);
  // REQUIRES stage kParked, or kNone: then the environment is initialised inside the invocation.
  void Invoke(std::string request_id, int64_t now);
  // Ends the environment, wherever it is. An invocation under way ends as a failure.
  void Shutdown(ShutdownReason reason, int64_t now);

  // Extensions API. `id` becomes the identifier if the registration is accepted.
  ApiRefusal Register(const std::string& name, const std::string& id,
                      const std::vector<std::string>& events);
  ApiRefusal ExtensionNext(const std::string& id, Ticket ticket, int64_t now);
  ApiRefusal ExtensionError(const std::string& id, bool init, const std::string& error_type);
  // Whether the extension may (still) subscribe to telemetry; *name is filled if so.
  ApiRefusal Subscribe(const std::string& id, std::string* name) const;

  // Runtime API. `error_type` empty is a response.
  ApiRefusal RuntimeNext(Ticket ticket, int64_t now);
  ApiRefusal RuntimeAnswer(const std::string& request_id, const std::string& error_type,
                           int64_t body_bytes, int64_t now);
  ApiRefusal RuntimeInitError(const std::string& error_type, int64_t now);

  // Processes. `index` counts config.extension_files.
  void ExtensionExited(size_t index, bool launched, int64_t now);
  void RuntimeExited(bool launched, int64_t now);

  // When OnTime must be called at the latest.
  int64_t NextDeadline() const { return deadline_ns_; }
  void OnTime(int64_t now);

  Stage stage() const { return stage_; }
  bool init_open() const {
    return stage_ == Stage::kExtensionsStarting || stage_ == Stage::kRuntimeStarting;
  }
  const std::string& request_id() const { return request_id_; }
  int64_t invocation_deadline_ns() const { return invocation_deadline_ns_; }

 private:
  enum class Mode { kStarting, kRefused, kRegistered, kReady, kBusy, kGone };
  struct Extension {
    std::string name;
    bool external = true;
    Mode mode = Mode::kStarting;
    std::string id;
    std::vector<std::string> events;
    std::string error_type;  // it reported this
    Ticket ticket = 0;
    bool exited = false;        // kRefused, and ended by itself
    bool shutdown_due = false;  // SHUTDOWN waits for its next
    bool Wants(const char* event) const;
  };

  void Act(MachineAction action) { actions_.push_back(std::move(action)); }
  Extension* FindById(const std::string& id);
  const Extension* FindById(const std::string& id) const;
  bool AllReady() const;
  void BeginInit(InitPhase phase, int64_t now);
  void LaunchRuntimeIfRegistered();
  void FinishInitIfReady(int64_t now);
  void FailInit(Status status, const std::string& error_type, int64_t now);
  void BeginInvocation(int64_t now);
  void EmitRuntimeDone(Status status, const std::string& error_type, int64_t now);
  void FinishInvocationIfReady(int64_t now);
  void FailInvocation(Status status, const std::string& error_type, int64_t now);
  void CloseInvocation(Status status, const std::string& error_type, int64_t now);
  void BeginShutdown(ShutdownReason reason, int64_t now);
  void StopExtensions(int64_t now);
  void EndIfGone();

  const MachineConfig config_;
  std::vector<MachineAction> actions_;
  Stage stage_ = Stage::kNone;
  int64_t deadline_ns_ = kNever;
  std::vector<Extension> extensions_;

  bool runtime_alive_ = false;
  bool runtime_ready_ = false;  // parked in next, with runtime_ticket_
  Ticket runtime_ticket_ = 0;

  InitPhase init_phase_ = InitPhase::kInit;
  int64_t init_start_ns_ = 0;
  bool init_runtime_done_ = false;  // initRuntimeDone was emitted
  std::string init_error_type_;     // the runtime reported this
  double cold_init_ms_ = -1;        // for the next report

  bool invocation_open_ = false;
  bool invocation_started_ = false;  // platform.start was emitted
  bool runtime_done_ = false;        // platform.runtimeDone was emitted
  bool answered_ = false;
  std::string request_id_;
  std::string answer_error_type_;
  int64_t answer_ns_ = 0;
  int64_t answer_bytes_ = 0;
  int64_t invocation_start_ns_ = 0;
  int64_t invocation_deadline_ns_ = 0;
  int64_t runtime_done_ns_ = 0;

  ShutdownReason shutdown_reason_ = ShutdownReason::kSpindown;
  int64_t shutdown_deadline_ns_ = 0;
};

}  // namespace lambent::local
