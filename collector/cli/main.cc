// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "collector/cli/command.h"
#include "profiler/os/terminal.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const char* collector = std::getenv("LAMBENT_COLLECTOR");
  lambent::cli::Surroundings around{std::cout,
                                    std::cerr,
                                    lambent::os::StandardOutputIsTerminal(),
                                    collector == nullptr ? "" : collector,
                                    std::getenv("NO_COLOR") != nullptr,
                                    absl::Now(),
                                    lambent::os::StandardErrorIsTerminal()};
  const int code = lambent::cli::RunCli(words, around);
  std::cout.flush();
  return code;
}
