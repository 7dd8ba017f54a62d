// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace lambent::local {

// Telemetry as it comes on bad days; each is off by default.
struct TelemetryFaults {
  bool late = false;          // platform.runtimeDone comes after the next thaw
  bool duplicate = false;     // every batch twice
  bool out_of_order = false;  // every batch backwards
  bool unknown = false;       // with event types and fields nobody knows
  bool malformed = false;     // every batch preceded by one that is not JSON
};

enum class RuntimeKind { kPython, kProvided, kCommand };

// The command line of `lambent local`.
struct LocalOptions {
  bool help = false;
  std::vector<std::string> extension_dirs;
  RuntimeKind runtime = RuntimeKind::kProvided;
  std::vector<std::string> command;  // kCommand
  std::string python = "python3";
  bool use_awslambdaric = false;
  std::string handler = "function.handler";
  std::string task_root = ".";
  std::vector<std::string> events;  // JSON text, read
  int64_t invocations = 0;          // at least one; more than events: they come again
  double timeout_s = 3;
  double init_timeout_s = 10;
  int64_t memory_mb = 128;
  int64_t freeze_min_ms = 0;
  int64_t freeze_max_ms = 0;
  std::string function_name = "function";
  std::string function_version = "$LATEST";
  std::map<std::string, std::string> environment;            // of function and extensions
  std::map<std::string, std::string> extension_environment;  // of extensions only
  std::string response_dir;
  std::string report_file;
  uint64_t seed = 0;  // 0: random
  bool quiet = false;
  bool fail_on_error = false;
  TelemetryFaults faults;
  bool telemetry_unsupported = false;
  bool register_refuse = false;
  bool odd_request_ids = false;
};

// Reads the arguments after `lambent local`. InvalidArgument with one line that says what is wrong;
// NotFound if an event file cannot be read.
absl::StatusOr<LocalOptions> ParseLocalOptions(absl::Span<const std::string> arguments);

// The text of --help.
std::string LocalUsage();

}  // namespace lambent::local
