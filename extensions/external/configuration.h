// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "extensions/stream/uplink_options.h"
#include "profiler/base/log.h"
#include "profiler/os/environment.h"
#include "profiler/session/session_options.h"

namespace lambent {

// What the platform's own variables say of the function.
struct FunctionFacts {
  std::string name;
  std::string version;
  std::string region;
  std::string initialization_type;
  uint32_t memory_mb = 0;  // 0: not given

  // The environment is a snapshot that is restored many times.
  bool snap_start() const { return initialization_type == "snap-start"; }
  // Lambda Managed Instances: no INVOKE events, never frozen.
  bool managed_instances() const { return initialization_type == "lambda-managed-instances"; }
};

// Everything the function's environment variables decide.
struct Configuration {
  // False: register, and do nothing else. LAMBENT_DISABLED, or no usable LAMBENT_COLLECTOR.
  bool enabled = true;
  LogLevel log_level = LogLevel::kWarn;
  FunctionFacts function;
  SessionOptions session;
  // LAMBENT_LINES: frames are told apart by the line, native ones by the code they execute.
  bool lines = false;
  UplinkOptions uplink;
  ChannelSettings channel;
  std::string token_file;  // to be read into channel.token; empty: none

  // What is wrong, each one line that says what is used instead.
  std::vector<std::string> complaints;
};

// Reads the LAMBENT_* and AWS_* variables. Never fails: a wrong value is a complaint and its
// default, because a typing error must not cost a function. Pure.
Configuration ReadConfiguration(const os::Environment& environment);

}  // namespace lambent
