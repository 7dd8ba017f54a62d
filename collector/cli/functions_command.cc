// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/collector_client.h"
#include "collector/cli/command_list.h"
#include "collector/cli/message_json.h"
#include "collector/cli/table.h"
#include "collector/cli/words.h"

namespace lambent::cli {
namespace {

int Run(const Call& call) {
  CollectorClient client(call.collector);
  absl::StatusOr<v1::ListFunctionsResponse> answer = client.ListFunctions();
  if (!answer.ok()) return Fail(call, answer.status());
  if (call.json) {
    call.around.out << MessageJson(*answer);
    return answer->functions().empty() ? kNothingMatched : kOk;
  }
  if (answer->functions().empty()) {
    return Fail(call, absl::NotFoundError("list functions: the collector has none yet; run one, "
                                          "for instance with lambent local"));
  }
  Table table({{"FUNCTION"},
               {"VERSION"},
               {"RUNTIME"},
               {"ENVIRONMENTS", true},
               {"INVOCATIONS", true},
               {"FAILURES", true},
               {"SAMPLES", true},
               {"LAST SEEN", true}});
  for (const v1::Function& function : answer->functions()) {
    table.Add({{Printable(function.name())},
               {Printable(function.version())},
               {function.runtime().empty() ? "-" : Printable(function.runtime()), Tone::kDim},
               {CountText(function.environments())},
               {CountText(function.invocations())},
               {CountText(function.failures()), function.failures() ? Tone::kBad : Tone::kDim},
               {CountText(function.samples())},
               {AgeText(function.last_seen_unix_us(), call.around.now), Tone::kDim}});
  }
  call.around.out << table.Print(call.colour);
  return kOk;
}

}  // namespace

Command FunctionsCommand() {
  Command command;
  command.name = "functions";
  command.summary = "functions and versions the collector knows";
  command.examples = {"lambent functions", "lambent functions --json"};
  command.run = Run;
  return command;
}

}  // namespace lambent::cli
