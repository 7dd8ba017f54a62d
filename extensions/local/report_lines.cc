// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/report_lines.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace lambent::local {
namespace {

int64_t Megabytes(int64_t bytes) { return (bytes + 1024 * 1024 - 1) / (1024 * 1024); }

// The lines know success, error and timeout only.
const char* LineStatus(Status status) { return status == Status::kTimeout ? "timeout" : "error"; }

// Go's names for signals, as the platform prints them.
std::string SignalText(int signal) {
  switch (signal) {
    case 2:
      return "interrupt";
    case 4:
      return "illegal instruction";
    case 6:
      return "aborted";
    case 7:
      return "bus error";
    case 8:
      return "floating point exception";
    case 9:
      return "killed";
    case 11:
      return "segmentation fault";
    case 13:
      return "broken pipe";
    case 15:
      return "terminated";
    default:
      return absl::StrCat("signal ", signal);
  }
}

nlohmann::ordered_json ErrorJson(const std::string& type, const std::string& message) {
  return {{"errorType", type}, {"errorMessage", message}};
}

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string StartLine(const std::string& request_id, const std::string& version) {
  return absl::StrCat("START RequestId: ", request_id, " Version: ", version);
}

std::string EndLine(const std::string& request_id) {
  return absl::StrCat("END RequestId: ", request_id);
}

std::string ReportLine(const Outcome& outcome, int64_t memory_mb) {
  std::string line = absl::StrFormat(
      "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\t"
      "Max Memory Used: %d MB\t",
      outcome.request_id, outcome.duration_ms, outcome.billed_ms, memory_mb,
      Megabytes(outcome.peak_memory_bytes));
  if (outcome.init_ms >= 0)
    absl::StrAppendFormat(&line, "Init Duration: %.2f ms\t", outcome.init_ms);
  if (outcome.status == Status::kSuccess) return line;
  absl::StrAppend(&line, "Status: ", LineStatus(outcome.status), "\t");
  if (outcome.status != Status::kTimeout) {
    absl::StrAppend(&line, "Error Type: ", outcome.error_type, "\t");
  }
  return line;
}

std::string InitReportLine(const InitReported& report) {
  std::string line = absl::StrFormat("INIT_REPORT Init Duration: %.2f ms\tPhase: %s\tStatus: %s\t",
                                     report.duration_ms, std::string(InitPhaseName(report.phase)),
                                     LineStatus(report.status));
  if (report.status != Status::kTimeout) {
    absl::StrAppend(&line, "Error Type: ", report.error_type, "\t");
  }
  return line;
}

std::string ExitText(const os::ChildExit& exit) {
  if (exit.by_signal) return absl::StrCat("signal: ", SignalText(exit.code));
  return absl::StrCat("exit status ", exit.code);
}

std::string RuntimeExitMessage(const os::ChildExit& exit) {
  if (!exit.by_signal && exit.code == 0) return "Runtime exited without providing a reason";
  return absl::StrCat("Runtime exited with error: ", ExitText(exit));
}

std::string PlatformErrorBody(const std::string& error_type, const std::string& request_id,
                              const std::string& message) {
  return Dump(ErrorJson(error_type, absl::StrCat("RequestId: ", request_id, " Error: ", message)));
}

std::string ReportJson(const Outcome& outcome, int64_t memory_mb, int64_t response_bytes) {
  nlohmann::ordered_json json = {{"requestId", outcome.request_id},
                                 {"status", std::string(StatusName(outcome.status))},
                                 {"durationMs", outcome.duration_ms},
                                 {"billedDurationMs", outcome.billed_ms},
                                 {"memorySizeMB", memory_mb},
                                 {"maxMemoryUsedMB", Megabytes(outcome.peak_memory_bytes)},
                                 {"extensionOverheadMs", outcome.overhead_ms},
                                 {"responseBytes", response_bytes}};
  if (outcome.init_ms >= 0) json["initDurationMs"] = outcome.init_ms;
  if (!outcome.error_type.empty()) json["errorType"] = outcome.error_type;
  return Dump(json);
}

}  // namespace lambent::local
