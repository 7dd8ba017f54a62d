// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lambent::local {

// How an initialisation or an invocation ended, as telemetry spells it.
enum class Status { kSuccess, kError, kFailure, kTimeout };
std::string_view StatusName(Status status);

// Where an initialisation ran: ahead of an invocation, or inside one ("suppressed init").
enum class InitPhase { kInit, kInvoke };
std::string_view InitPhaseName(InitPhase phase);

enum class ShutdownReason { kSpindown, kTimeout, kFailure };
std::string_view ShutdownReasonName(ShutdownReason reason);

// One invocation as platform.report and the REPORT line tell it.
struct Outcome {
  std::string request_id;
  Status status = Status::kSuccess;
  std::string error_type;  // empty on success
  double duration_ms = 0;  // until runtime and extensions were done
  int64_t billed_ms = 0;   // whole milliseconds, the init phase included (since August 2025)
  double init_ms = -1;     // of the init phase before a cold start; -1: not one
  double overhead_ms = 0;  // extensions, after the runtime was done
  int64_t peak_memory_bytes = 0;
};

}  // namespace lambent::local
