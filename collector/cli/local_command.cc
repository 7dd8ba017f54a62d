// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/command_list.h"
#include "extensions/local/run_local.h"

namespace lambent::cli {

Command LocalCommand() {
  Command command;
  command.name = "local";
  command.summary = "run a function on this machine as Lambda would, with its extensions";
  command.run_words = [](absl::Span<const std::string> words) { return local::RunLocal(words); };
  return command;
}

}  // namespace lambent::cli
