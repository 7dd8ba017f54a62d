// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "extensions/local/outcome.h"

namespace lambent::local {

// A request that waits for its answer; 0 is none.
using Ticket = uint64_t;

// What the state machine wants done, in order. Telemetry is one kind of it: the facts of
// reference "Telemetry API event schema", without what only the outside knows (names, memory).
struct LaunchExtensions {};
struct LaunchRuntime {};
struct AnswerRuntime {  // the event of the current invocation
  Ticket ticket = 0;
};
struct AnswerInvoke {  // INVOKE to an extension
  Ticket ticket = 0;
};
struct AnswerShutdown {  // SHUTDOWN to an extension
  Ticket ticket = 0;
  ShutdownReason reason = ShutdownReason::kSpindown;
  int64_t deadline_ns = 0;  // monotonic
};
struct DropTicket {  // nobody waits for this answer any more
  Ticket ticket = 0;
};
struct TerminateRuntime {};
struct KillRuntime {};
struct KillExtension {
  size_t index = 0;
};
struct Parked {};         // runtime and extensions all wait in next: the environment freezes
struct ShutdownBegun {};  // thaw, and deliver what telemetry there is
struct InvocationDone {
  Outcome outcome;
};
struct EnvironmentGone {};  // no process is left

struct InitStarted {
  InitPhase phase = InitPhase::kInit;
};
struct InitRuntimeDone {
  InitPhase phase = InitPhase::kInit;
  Status status = Status::kSuccess;
  std::string error_type;
};
struct InitReported {
  InitPhase phase = InitPhase::kInit;
  Status status = Status::kSuccess;
  std::string error_type;
  double duration_ms = 0;
};
struct ExtensionState {
  std::string name;
  std::string_view state;  // "Ready", "Registered", "Started", "InitError", "ExitError", …
  std::vector<std::string> events;
  std::string error_type;
};
struct InvocationStarted {
  std::string request_id;
};
struct RuntimeDone {
  std::string request_id;
  Status status = Status::kSuccess;
  std::string error_type;
  double duration_ms = 0;
  double response_latency_ms = -1;  // -1: no response was posted
  int64_t produced_bytes = 0;
};
struct InvocationReported {
  Outcome outcome;
};

using MachineAction =
    std::variant<LaunchExtensions, LaunchRuntime, AnswerRuntime, AnswerInvoke, AnswerShutdown,
                 DropTicket, TerminateRuntime, KillRuntime, KillExtension, Parked, ShutdownBegun,
                 InvocationDone, EnvironmentGone, InitStarted, InitRuntimeDone, InitReported,
                 ExtensionState, InvocationStarted, RuntimeDone, InvocationReported>;

}  // namespace lambent::local
