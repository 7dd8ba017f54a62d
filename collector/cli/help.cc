// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "collector/cli/command.h"
#include "collector/cli/table.h"

namespace lambent::cli {
namespace {

std::string Columns(const std::vector<std::pair<std::string, std::string>>& rows) {
  size_t width = 0;
  for (const auto& row : rows) width = std::max(width, DisplayWidth(row.first));
  std::string out;
  for (const auto& [left, right] : rows) {
    absl::StrAppend(&out, "  ", left, std::string(width - DisplayWidth(left) + 2, ' '), right,
                    "\n");
  }
  return out;
}

std::string FlagTable(const std::vector<Flag>& flags) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Flag& flag : flags) {
    std::string left = flag.short_name.empty() ? "    " : absl::StrCat("-", flag.short_name, ", ");
    absl::StrAppend(&left, "--", flag.name, flag.value.empty() ? "" : " ",
                    flag.choices.empty() ? flag.value : absl::StrJoin(flag.choices, "|"));
    rows.emplace_back(left, flag.help);
  }
  return Columns(rows);
}

}  // namespace

std::string Overview() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Command& command : Commands()) rows.emplace_back(command.name, command.summary);
  return absl::StrCat(
      "Lambent: what a Lambda function does, cold and warm, as flame graphs and metrics.\n\n"
      "usage: lambent COMMAND [FLAGS]\n\n",
      Columns(rows),
      "\nEvery command: --help with examples, --json, --collector HOST:PORT, "
      "--color auto|always|never.\n"
      "Exit status: 0 fine, 1 nothing matched or a check failed, 2 wrong usage, 3 no collector, "
      "4 other.\n"
      "First steps:\n"
      "  lambent record -- python3 script.py            # a flame graph, nothing else needed\n"
      "  lambent-collector &                            # keeps the profiles\n"
      "  lambent local --help                           # run a function on this machine\n"
      "  lambent invocations                            # what ran\n"
      "  lambent flamegraph --request-id ID             # one invocation's flame graph\n");
}

std::string HelpOf(const Command& command) {
  std::string out = absl::StrCat("lambent ", command.name, ": ", command.summary,
                                 "\n\nusage: lambent ", command.name, " ", command.usage, "\n\n");
  if (!command.description.empty()) absl::StrAppend(&out, command.description, "\n\n");
  absl::StrAppend(&out, FlagTable(command.flags), command.flags.empty() ? "" : "\n",
                  FlagTable(CommonFlags()));
  if (!command.examples.empty()) {
    absl::StrAppend(&out, "\nexamples:\n");
    for (const std::string& example : command.examples) absl::StrAppend(&out, "  ", example, "\n");
  }
  return out;
}

}  // namespace lambent::cli
