// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>
#include <vector>

#include "extensions/external/command_line.h"
#include "extensions/external/extension.h"
#include "profiler/base/version.h"

int main(int argc, char** argv) {
  using Action = lambent::CommandLine::Action;
  const lambent::CommandLine command_line =
      lambent::ParseCommandLine(std::vector<std::string>(argv, argv + argc));
  switch (command_line.action) {
    case Action::kHelp:
      std::fputs(lambent::kExtensionHelp, stdout);
      return 0;
    case Action::kVersion:
      std::printf("lambent-extension %s\n", lambent::kVersion.data());
      return 0;
    case Action::kWrong:
      std::fprintf(stderr, "lambent-extension: %s\n", command_line.wrong.c_str());
      return 2;
    case Action::kRun:
      return lambent::RunExtension(command_line);
  }
}
