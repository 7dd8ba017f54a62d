// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "extensions/local/machine_action.h"
#include "extensions/local/outcome.h"
#include "profiler/os/child_process.h"

namespace lambent::local {

// The platform's own log lines, as CloudWatch shows them. Pure.
std::string StartLine(const std::string& request_id, const std::string& version);
std::string EndLine(const std::string& request_id);
std::string ReportLine(const Outcome& outcome, int64_t memory_mb);
// Only written when an initialisation failed.
std::string InitReportLine(const InitReported& report);

// "signal: killed" or "exit status 1", as Go words it.
std::string ExitText(const os::ChildExit& exit);

// "Runtime exited with error: signal: killed", "… exit status 1", or "… without providing a
// reason".
std::string RuntimeExitMessage(const os::ChildExit& exit);

// What the caller of a function gets when the platform and not the function answers.
std::string PlatformErrorBody(const std::string& error_type, const std::string& request_id,
                              const std::string& message);

// One line of --report, without the line break.
std::string ReportJson(const Outcome& outcome, int64_t memory_mb, int64_t response_bytes);

}  // namespace lambent::local
