// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace lambent {

// How lambent-extension was started. The platform gives no arguments; the launcher of the layer
// says what it was itself called as, since exec replaces that.
struct CommandLine {
  enum class Action { kRun, kHelp, kVersion, kWrong };
  Action action = Action::kRun;
  // To register as: the basename of the file in the extensions folder.
  std::string name;
  // The folder of that file; other files in it are extensions too.
  std::string extensions_folder;
  std::string wrong;  // why kWrong, one line
};

// `arguments` begins with the program's own path. Pure.
CommandLine ParseCommandLine(const std::vector<std::string>& arguments);

// What --help prints, and what a person sees who runs the program by hand.
extern const char kExtensionHelp[];

}  // namespace lambent
