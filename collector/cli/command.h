// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "collector/cli/arguments.h"
#include "collector/cli/exit_code.h"

namespace lambent::cli {

// Where a command runs: tests put strings here, main() the process's own. Borrowed streams.
struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  std::string collector_variable;  // $LAMBENT_COLLECTOR, or empty
  bool no_color_variable = false;  // $NO_COLOR is set (no-color.org)
  absl::Time now;
  bool err_is_terminal = false;
};

// What a command is given: its flags, and what follows from the common ones.
struct Call {
  const Arguments& arguments;
  Surroundings& around;
  std::string collector;  // host:port
  bool json = false;
  bool colour = false;
  std::vector<std::string> words;  // what follows "--", of a command that takes it
};

// One subcommand.
struct Command {
  std::string name;
  std::string summary;      // one line of the overview
  std::string description;  // paragraphs of its help
  std::vector<Flag> flags;  // beside the common ones
  std::vector<std::string> examples;
  int (*run)(const Call& call) = nullptr;
  std::string usage = "[FLAGS]";  // what follows its name
  bool takes_words = false;       // a command line of somebody else's, after "--"
  // Instead of `flags` and `run`: takes its words as they are and has a help of its own.
  int (*run_words)(absl::Span<const std::string> words) = nullptr;
};

// --collector, --json, --color, --help: what every command takes.
std::vector<Flag> CommonFlags();

// All of them, in the order of the overview.
const std::vector<Command>& Commands();

// Help of the program and of one command.
std::string Overview();
std::string HelpOf(const Command& command);

// Writes "lambent: …" to err; the exit code that belongs to the error. REQUIRES: !status.ok().
int Fail(const Call& call, const absl::Status& status);

// `lambent WORDS…`. Returns the exit code.
int RunCli(absl::Span<const std::string> words, Surroundings& around);

}  // namespace lambent::cli
