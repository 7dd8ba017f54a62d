// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"

#include "collector/cli/collector_client.h"
#include "collector/cli/command_list.h"
#include "collector/cli/selection.h"
#include "collector/cli/write_output.h"

namespace lambent::cli {
namespace {

const Flag kWeight = {"weight", "WHAT", "what widths mean (wall)", {"wall", "cpu", "samples"}, "w"};
const Flag kOutput = {"output",
                      "FILE",
                      "write here (unset: a name after what was asked for); - is standard output",
                      {},
                      "o"};

Flag FormatFlag(std::vector<std::string> formats) {
  return {"format", "FORMAT", "what to write (html)", std::move(formats), ""};
}

int RunExport(const Call& call) {
  absl::StatusOr<v1::Selection> selection = SelectionOf(call.arguments, call.around.now);
  if (!selection.ok()) return Fail(call, selection.status());
  // --json means the JSON format where no other was asked for.
  std::string format = call.json ? "json" : "html";
  if (call.arguments.has("format")) format = call.arguments.value("format");
  v1::ExportRequest ask;
  *ask.mutable_selection() = *selection;
  ask.set_format(FormatOf(format));
  ask.set_weight(WeightOf(call.arguments.value("weight")));
  CollectorClient client(call.collector);
  absl::StatusOr<std::string> content = client.Export(ask);
  if (!content.ok()) return Fail(call, content.status());
  const std::string name =
      OutputName({call.arguments.value("function"), call.arguments.value("version"),
                  call.arguments.value("request-id"), call.arguments.value("phase"),
                  call.arguments.value("cold") == "true" ? "cold" : ""},
                 ExtensionOf(format));
  return WriteOutput(call, name, *content);
}

int RunDiff(const Call& call) {
  v1::DiffRequest ask;
  for (const char* side : {"base", "compare"}) {
    if (!call.arguments.has(side)) {
      return Fail(call, absl::InvalidArgumentError(
                            absl::StrCat("diff: --", side, " is missing; for instance --", side,
                                         " function=orders,version=7")));
    }
    absl::StatusOr<v1::Selection> selection =
        ParseSelector(call.arguments.value(side), call.around.now);
    if (!selection.ok()) {
      return Fail(call, absl::InvalidArgumentError(absl::StrCat(
                            "--", side, ": ", std::string(selection.status().message()))));
    }
    *(side[0] == 'b' ? ask.mutable_base() : ask.mutable_compare()) = *selection;
  }
  std::string format = call.json ? "json" : "html";
  if (call.arguments.has("format")) format = call.arguments.value("format");
  ask.set_format(FormatOf(format));
  ask.set_weight(WeightOf(call.arguments.value("weight")));
  CollectorClient client(call.collector);
  absl::StatusOr<std::string> content = client.Diff(ask);
  if (!content.ok()) return Fail(call, content.status());
  return WriteOutput(call, OutputName({"diff"}, ExtensionOf(format)), *content);
}

Command Exporting() {
  Command command;
  command.flags = SelectionFlags();
  command.flags.push_back(
      FormatFlag({"html", "svg", "folded", "pprof", "speedscope", "json", "gperftools"}));
  command.flags.push_back(kWeight);
  command.flags.push_back(kOutput);
  command.run = RunExport;
  return command;
}

}  // namespace

Command FlamegraphCommand() {
  Command command = Exporting();
  command.name = "flamegraph";
  command.summary = "an interactive flame graph of any selection, as one HTML file";
  command.description =
      "Without flags: of everything the collector has. The file needs no network; open it in a "
      "browser.";
  command.examples = {"lambent flamegraph --request-id 8476a536-e9f4-11e8 -o slow.html",
                      "lambent flamegraph --function orders --phase init   # the cold start",
                      "lambent flamegraph --function orders --since 1h --weight cpu"};
  return command;
}

Command ExportCommand() {
  Command command = Exporting();
  command.name = "export";
  command.summary = "a profile as pprof, folded stacks, speedscope, JSON, SVG, HTML, gperftools";
  command.description =
      "Without flags: of everything the collector has, as HTML (lambent flamegraph is the same).\n"
      "\n"
      "  html         the interactive flame graph, one file without network\n"
      "  svg          a picture of it\n"
      "  folded       one line a stack, for flamegraph.pl and grep\n"
      "  pprof        gzipped profile.proto: go tool pprof, Pyroscope, Parca\n"
      "  speedscope   for www.speedscope.app; opens there by drag and drop\n"
      "  json         a tree with every weight of every frame, for programs (--json is the same)\n"
      "  gperftools   for google-pprof; times in samples of 1 ms";
  command.examples = {
      "lambent export --function orders --format pprof -o orders.pb.gz && go tool pprof -top "
      "orders.pb.gz",
      "lambent export --function orders --format folded -o - | grep json.loads",
  };
  return command;
}

Command DiffCommand() {
  Command command;
  command.name = "diff";
  command.summary = "what became slower or faster between two selections";
  command.description =
      "A SELECTOR is a comma list of name=value, the names being those of lambent export's flags:\n"
      "function, version, request-id, attempt, environment, phase, status, cold, since, until, "
      "thread.\nBoth sides are needed. Shares of the two are compared, so they need not hold "
      "equally "
      "many\ninvocations.";
  command.flags = {
      {"base", "SELECTOR", "what was: the side to compare with", {}, ""},
      {"compare", "SELECTOR", "what is: what it has more of is red, less blue", {}, ""},
      FormatFlag({"html", "svg", "folded", "json"}),
      kWeight,
      kOutput};
  command.examples = {
      "lambent diff --base function=orders,version=7 --compare function=orders,version=8",
      "lambent diff --base function=orders,cold=false --compare function=orders,cold=true -o "
      "cold.html",
  };
  command.run = RunDiff;
  return command;
}

}  // namespace lambent::cli
