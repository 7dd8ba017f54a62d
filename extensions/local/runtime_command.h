// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "extensions/local/function_environment.h"
#include "extensions/local/local_options.h"

namespace lambent::local {

// How the function's runtime is started.
struct RuntimeCommand {
  std::string program;                 // a path
  std::vector<std::string> arguments;  // argv
  std::string execution_env;           // AWS_EXECUTION_ENV; empty: not defined
  std::string version;                 // as platform.initStart has it; empty: not said
};

// For --runtime or the command given, through the function's AWS_LAMBDA_EXEC_WRAPPER unless the
// runtime is OS-only. NotFound when the program, the wrapper or our Python client is not there.
// The client (runtimes/python/lambent_runtime.py) is looked for beside the installed program, in
// ../share/lambent/runtimes/python, and then in the source tree this was built from.
absl::StatusOr<RuntimeCommand> FindRuntime(const LocalOptions& options,
                                           const std::string& task_root, const Variables& ours);

// The extensions to start: base name → path of every regular file directly in the folders; of two
// with one name the later folder's wins, as with layers. NotFound if a folder cannot be read.
absl::StatusOr<std::vector<std::string>> FindExtensions(const std::vector<std::string>& folders);

}  // namespace lambent::local
