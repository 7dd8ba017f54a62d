// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

#include "collector/cli/collector_client.h"
#include "collector/cli/command_list.h"
#include "collector/cli/machine_checks.h"
#include "collector/cli/table.h"
#include "collector/cli/words.h"
#include "profiler/base/absl_view.h"
#include "profiler/base/version.h"

namespace lambent::cli {
namespace {

// The collector's part: reachable, of our version, refusing nothing.
void CheckCollector(const Call& call, std::vector<Check>* checks, int* code) {
  CollectorClient client(call.collector);
  absl::StatusOr<v1::GetStatusResponse> status = client.GetStatus();
  if (!status.ok()) {
    checks->push_back({"collector", Check::kFailed, std::string(status.status().message()), ""});
    *code = status.status().code() == absl::StatusCode::kUnavailable ? kUnreachable : kOtherError;
    return;
  }
  checks->push_back({"collector", Check::kFine,
                     absl::StrCat(client.address(), ", version ", Printable(status->version()),
                                  ", data in ", Printable(status->data_directory()), " (",
                                  BytesText(static_cast<int64_t>(status->database_bytes())), "), ",
                                  status->environments_connected(), " environments connected"),
                     ""});
  if (status->version() != kVersion) {
    checks->push_back({"versions", Check::kWorse,
                       absl::StrCat("lambent is ", AbslView(kVersion), ", the collector ",
                                    Printable(status->version())),
                       "install the same version of both"});
  }
  if (status->batches_rejected() != 0) {
    std::string reason;
    if (!status->recent_rejections().empty()) reason = Printable(status->recent_rejections(0));
    checks->push_back({"batches", Check::kWorse,
                       absl::StrCat(status->batches_rejected(), " rejected; the last: ", reason),
                       "an extension of another version, or a damaged one, is sending"});
  } else {
    checks->push_back({"batches", Check::kFine,
                       absl::StrCat(status->batches_accepted(), " accepted, ",
                                    status->batches_duplicate(), " sent again, 0 rejected"),
                       ""});
  }
}

const char* WordOf(Check::Result result) {
  switch (result) {
    case Check::kFine:
      return "ok";
    case Check::kUnneeded:
      return "not needed";
    case Check::kWorse:
      return "warning";
    case Check::kFailed:
      break;
  }
  return "failed";
}

void PrintJson(const Call& call, const std::vector<Check>& checks) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Check& check : checks) {
    list.push_back({{"name", check.name},
                    {"result", WordOf(check.result)},
                    {"found", check.found},
                    {"advice", check.advice}});
  }
  const nlohmann::ordered_json all = {{"checks", list}};
  call.around.out << all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                  << "\n";
}

void PrintCheck(const Call& call, const Check& check) {
  Tone tone = Tone::kBad;
  const char* mark = "✗";
  if (check.result == Check::kFine) {
    tone = Tone::kGood;
    mark = "✓";
  } else if (check.result == Check::kUnneeded) {
    tone = Tone::kDim;
    mark = "-";
  } else if (check.result == Check::kWorse) {
    tone = Tone::kStrong;
    mark = "!";
  }
  call.around.out << Paint(mark, tone, call.colour) << " " << Paint(check.name, tone, call.colour)
                  << ": " << check.found << "\n";
  if (!check.advice.empty()) call.around.out << "    → " << check.advice << "\n";
}

int Run(const Call& call) {
  int code = kOk;
  std::vector<Check> checks;
  const bool of_process = call.arguments.has("pid");
  // A question about a process is no question about the collector, unless one is named.
  if (!of_process || call.arguments.has("collector")) CheckCollector(call, &checks, &code);
  if (of_process) {
    int32_t pid = 0;
    if (!absl::SimpleAtoi(call.arguments.value("pid"), &pid) || pid < 1) {
      return Fail(call,
                  absl::InvalidArgumentError(absl::StrCat(
                      "doctor: --pid ", call.arguments.value("pid"), ": is not a process id")));
    }
    absl::StatusOr<std::vector<Check>> of_pid = CheckProcess(pid);
    if (!of_pid.ok()) {
      return Fail(call, absl::Status(of_pid.status().code(),
                                     absl::StrCat("doctor: ", of_pid.status().message())));
    }
    for (Check& check : *of_pid) checks.push_back(std::move(check));
  } else {
    for (Check& check : CheckMachine()) checks.push_back(std::move(check));
  }
  for (const Check& check : checks) {
    if (check.result == Check::kFailed && code == kOk) code = kNothingMatched;
  }
  if (call.json) {
    PrintJson(call, checks);
    return code;
  }
  for (const Check& check : checks) PrintCheck(call, check);
  return code;
}

}  // namespace

Command DoctorCommand() {
  Command command;
  command.name = "doctor";
  command.summary = "is the collector there, and what can be profiled on this machine, and how";
  command.description =
      "Tries each rung of the ladder of stack sources on a busy process started for it, or on "
      "--pid:\nwhat works and why not, which would be used, and what a look costs. On Lambda "
      "itself "
      "other rules hold;\neach environment sends the same list to its collector when it starts.";
  command.flags = {{"pid", "PID", "try on this process; leaves the collector out", {}, "p"}};
  command.examples = {"lambent doctor", "lambent doctor --pid 1234",
                      "lambent doctor --collector 10.0.0.5:4820 --json"};
  command.run = Run;
  return command;
}

}  // namespace lambent::cli
