// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "extensions/local/event_loop.h"
#include "extensions/local/http_server.h"
#include "extensions/local/invocation.h"
#include "extensions/local/invoke_state_machine.h"
#include "extensions/local/lambda_routes.h"
#include "extensions/local/process_group.h"
#include "extensions/local/request_ids.h"
#include "extensions/local/result_writer.h"
#include "extensions/local/runtime_command.h"
#include "extensions/local/telemetry_hub.h"
#include "profiler/os/clock.h"
#include "profiler/os/signal_watch.h"

namespace lambent::local {

// The effects of one simulated environment: carries the state machine's decisions out on processes,
// sockets and output, and brings back what happens to them. Every process it started is killed and
// reaped with it. Confined to the main thread.
class ExecutionEnvironment {
 public:
  // What was found before anything is started. Extensions are paths.
  struct Launch {
    RuntimeCommand runtime;
    std::vector<std::string> extensions;
    std::string task_root;
    Variables ours;
  };

  // `options`, `clock` and `results` must outlive it.
  static absl::StatusOr<std::unique_ptr<ExecutionEnvironment>> Create(const LocalOptions& options,
                                                                      Launch launch,
                                                                      os::Clock& clock,
                                                                      ResultWriter& results);

  // Initialises ahead of the first invocation; returns when that has succeeded or failed.
  absl::Status Initialise();
  // Carries one invocation out, with whatever initialisation or reset it needs.
  absl::Status Invoke(const std::string& event);
  // What the last one came to.
  const Outcome& outcome() const { return outcome_; }
  // Stops every process for this long, if the environment is there to be frozen.
  absl::Status Freeze(int64_t length_ns);
  // SHUTDOWN, and the end of every process.
  absl::Status Shutdown();

  // The user asked for an end: no more invocations.
  bool interrupted() const { return interrupted_; }
  // An initialisation has succeeded at least once.
  bool was_ready() const { return was_ready_; }
  RequestIds& ids() { return ids_; }

 private:
  ExecutionEnvironment(const LocalOptions& options, Launch launch, os::Clock& clock,
                       ResultWriter& results, std::unique_ptr<os::SignalWatch> signals);

  absl::Status Step(int64_t until_ns);  // one turn of the loop and what follows from it
  bool Settled() const;                 // parked, or gone, and no invocation open
  void ApplyActions();
  void Apply(const MachineAction& action);
  void EmitFact(MachineAction action);
  void LaunchExtensionProcesses();
  void LaunchRuntimeProcess();
  void OnSignals();
  void ReapChildren();
  void DrainOutputs();
  void FinishInvocation(const Outcome& outcome);
  int64_t PeakMemoryBytes();
  void SignalAll(os::GroupSignal signal);
  void Thaw();

  const LocalOptions& options_;
  const Launch launch_;
  os::Clock& clock_;
  ResultWriter& results_;
  std::unique_ptr<os::SignalWatch> signals_;
  EventLoop loop_;
  RequestIds ids_;
  InvokeStateMachine machine_;
  TelemetryHub telemetry_;
  Invocation invocation_;
  LambdaRoutes routes_;
  std::unique_ptr<HttpServer> server_;
  RecordContext records_;

  std::vector<std::unique_ptr<ProcessGroup>> extensions_;
  std::unique_ptr<ProcessGroup> runtime_;
  std::optional<os::ChildExit> runtime_exit_;
  std::string failure_text_;  // of a process that could not start or died, for people
  Outcome outcome_;
  int64_t next_memory_look_ns_ = 0;
  bool invoking_ = false;
  bool stopped_ = false;  // SIGSTOP was sent
  bool interrupted_ = false;
  bool was_ready_ = false;
};

}  // namespace lambent::local
