// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/command.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "collector/cli/command_list.h"
#include "profiler/base/absl_view.h"
#include "profiler/base/version.h"

namespace lambent::cli {
namespace {

constexpr char kDefaultCollector[] = "127.0.0.1:4820";

// host:port from what people write: a port alone is one of this machine.
absl::StatusOr<std::string> AddressOf(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string host = colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon);
  uint32_t port = 0;
  if (absl::SimpleAtoi(text.substr(colon == std::string::npos ? 0 : colon + 1), &port) &&
      port > 0 && port < 65536 && !host.empty()) {
    return absl::StrCat(host, ":", port);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("collector \"", text, "\": want HOST:PORT, for instance ", kDefaultCollector));
}

int WrongUsage(Surroundings& around, const std::string& command, const std::string& usage,
               const std::string& what) {
  around.err << "lambent" << (command.empty() ? "" : " ") << command << ": " << what << "\n"
             << "usage: lambent " << (command.empty() ? "COMMAND" : command) << " " << usage
             << "   (see lambent" << (command.empty() ? "" : " ") << command << " --help)\n";
  return kWrongUsage;
}

int WrongUsage(Surroundings& around, const std::string& what) {
  return WrongUsage(around, "", "[FLAGS]", what);
}

int UnknownCommand(const std::string& name, Surroundings& around) {
  std::vector<std::string> names;
  for (const Command& command : Commands()) names.push_back(command.name);
  const std::string all = absl::StrCat("; commands: ", absl::StrJoin(names, ", "));
  return WrongUsage(around,
                    absl::StrCat("unknown command \"", name, "\"", DidYouMean(name, names, all)));
}

const Command* Find(const std::string& name) {
  for (const Command& command : Commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

int RunCommand(const Command& command, absl::Span<const std::string> words, Surroundings& around) {
  if (command.run_words != nullptr) return command.run_words(words);
  std::vector<Flag> flags = command.flags;
  for (Flag& flag : CommonFlags()) flags.push_back(std::move(flag));
  std::vector<std::string> rest;
  if (command.takes_words) {
    const auto dashes = std::find(words.begin(), words.end(), "--");
    if (dashes != words.end()) rest.assign(dashes + 1, words.end());
    words = words.first(static_cast<size_t>(dashes - words.begin()));
  }
  const absl::StatusOr<Arguments> arguments = ParseArguments(flags, words);
  if (!arguments.ok()) {
    return WrongUsage(around, command.name, command.usage,
                      std::string(arguments.status().message()));
  }
  if (arguments->has("help")) {
    around.out << HelpOf(command);
    return kOk;
  }
  Call call{*arguments, around,         kDefaultCollector, arguments->value("json") == "true",
            false,      std::move(rest)};
  if (!around.collector_variable.empty()) call.collector = around.collector_variable;
  if (arguments->has("collector")) call.collector = arguments->value("collector");
  const absl::StatusOr<std::string> address = AddressOf(call.collector);
  if (!address.ok()) {
    return WrongUsage(around, command.name, command.usage, std::string(address.status().message()));
  }
  call.collector = *address;
  const std::string colour = arguments->value("color");
  call.colour = colour == "always" ||
                (colour != "never" && around.out_is_terminal && !around.no_color_variable);
  return command.run(call);
}

}  // namespace

std::vector<Flag> CommonFlags() {
  return {
      {"collector",
       "HOST:PORT",
       absl::StrCat("the collector (else $LAMBENT_COLLECTOR, else ", kDefaultCollector, ")"),
       {},
       ""},
      {"json", "", "machine-readable output", {}, ""},
      {"color",
       "WHEN",
       "colours: auto (on a terminal), always or never",
       {"auto", "always", "never"},
       ""},
      {"help", "", "this text", {}, "h"},
  };
}

const std::vector<Command>& Commands() {
  static const auto* const kCommands =
      new std::vector<Command>{RecordCommand(),      LocalCommand(),      FunctionsCommand(),
                               InvocationsCommand(), FlamegraphCommand(), ExportCommand(),
                               DiffCommand(),        MetricsCommand(),    DoctorCommand()};
  return *kCommands;
}

int Fail(const Call& call, const absl::Status& status) {
  call.around.err << "lambent: " << std::string(status.message()) << "\n";
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return kNothingMatched;
    case absl::StatusCode::kInvalidArgument:
      return kWrongUsage;
    case absl::StatusCode::kUnavailable:
      return kUnreachable;
    default:
      return kOtherError;
  }
}

int RunCli(absl::Span<const std::string> words, Surroundings& around) {
  if (words.empty()) {
    around.err << Overview();
    return kWrongUsage;
  }
  const std::string& first = words[0];
  if (first == "--help" || first == "-h" || first == "help") {
    const Command* command = words.size() > 1 ? Find(words[1]) : nullptr;
    if (words.size() > 1 && command == nullptr) return UnknownCommand(words[1], around);
    if (command != nullptr && command->run_words != nullptr) {
      const std::vector<std::string> help = {"--help"};
      return command->run_words(help);
    }
    around.out << (command == nullptr ? Overview() : HelpOf(*command));
    return kOk;
  }
  if (first == "--version") {
    around.out << absl::StrCat("lambent ", AbslView(kVersion), "\n");
    return kOk;
  }
  if (const Command* command = Find(first)) return RunCommand(*command, words.subspan(1), around);
  if (absl::StartsWith(first, "-")) {
    return WrongUsage(around, absl::StrCat("unknown flag ", first, "; flags follow the command"));
  }
  return UnknownCommand(first, around);
}

}  // namespace lambent::cli
