// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/runtime_command.h"

#include <filesystem>
#include <map>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "profiler/os/program_path.h"

namespace lambent::local {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPythonClient = "lambent_runtime.py";

absl::StatusOr<std::string> FindPythonClient() {
  const fs::path installed = fs::path(os::OwnProgramPath()).parent_path().parent_path() / "share" /
                             "lambent" / "runtimes" / "python" / kPythonClient;
  const fs::path built_from =
      fs::path(LAMBENT_LOCAL_SOURCE_DIR) / "runtimes" / "python" / kPythonClient;
  std::error_code ignored;
  for (const fs::path& path : {installed, built_from}) {
    if (fs::is_regular_file(path, ignored)) return path.string();
  }
  return absl::NotFoundError(absl::StrCat("find the python runtime client: neither ",
                                          installed.string(), " nor ", built_from.string(),
                                          " exists"));
}

// "AWS_Lambda_python3.11", by the name the interpreter's link ends at.
std::string PythonExecutionEnv(const std::string& program) {
  std::error_code failed;
  const std::string name = fs::canonical(program, failed).filename().string();
  return "AWS_Lambda_" + (!failed && name.rfind("python3", 0) == 0 ? name : "python3");
}

// "python:3.11.v1" of "AWS_Lambda_python3.11": the last part is Lambda's own count of its runtime's
// releases, of which there is one here.
std::string PythonVersion(const std::string& execution_env) {
  return "python:" + execution_env.substr(execution_env.rfind("python") + 6) + ".v1";
}

// As Lambda does for all but OS-only runtimes: the wrapper is started, with the runtime's command
// as its arguments.
absl::Status Wrap(const LocalOptions& options, RuntimeCommand* command) {
  const auto wrapper = options.environment.find("AWS_LAMBDA_EXEC_WRAPPER");
  if (wrapper == options.environment.end() || wrapper->second.empty()) return absl::OkStatus();
  if (!os::IsExecutableFile(wrapper->second)) {
    return absl::NotFoundError(absl::StrCat("find AWS_LAMBDA_EXEC_WRAPPER: ", wrapper->second,
                                            " is not an executable file"));
  }
  command->arguments[0] = command->program;
  command->program = wrapper->second;
  command->arguments.insert(command->arguments.begin(), wrapper->second);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RuntimeCommand> FindRuntime(const LocalOptions& options,
                                           const std::string& task_root, const Variables& ours) {
  RuntimeCommand command;
  switch (options.runtime) {
    case RuntimeKind::kProvided:
      command.program = task_root + "/bootstrap";
      command.arguments = {command.program};
      if (!os::IsExecutableFile(command.program)) {
        return absl::NotFoundError(
            absl::StrCat("find the runtime: ", command.program, " is not an executable file"));
      }
      return command;
    case RuntimeKind::kCommand:
      command.arguments = options.command;
      break;
    case RuntimeKind::kPython:
      if (options.use_awslambdaric) {
        command.arguments = {options.python, "-m", "awslambdaric", options.handler};
        break;
      }
      absl::StatusOr<std::string> client = FindPythonClient();
      if (!client.ok()) return client.status();
      command.arguments = {options.python, "-u", *client, options.handler};
      break;
  }
  const auto path = ours.find("PATH");
  absl::StatusOr<std::string> program =
      os::FindProgram(command.arguments[0], path == ours.end() ? "/usr/bin:/bin" : path->second);
  if (!program.ok()) return program.status();
  std::error_code failed;
  command.program = fs::absolute(*program, failed).string();  // the task root becomes its folder
  if (options.runtime == RuntimeKind::kPython) {
    command.execution_env = PythonExecutionEnv(command.program);
    command.version = PythonVersion(command.execution_env);
  }
  if (absl::Status wrapped = Wrap(options, &command); !wrapped.ok()) return wrapped;
  return command;
}

absl::StatusOr<std::vector<std::string>> FindExtensions(const std::vector<std::string>& folders) {
  std::map<std::string, std::string> found;
  for (const std::string& folder : folders) {
    std::error_code failed;
    fs::directory_iterator entries(folder, failed);
    if (failed) {
      return absl::NotFoundError(
          absl::StrCat("read extensions folder ", folder, ": ", failed.message()));
    }
    for (const fs::directory_entry& entry : entries) {
      std::error_code ignored;
      if (!entry.is_regular_file(ignored)) continue;
      found[entry.path().filename().string()] = fs::absolute(entry.path(), ignored).string();
    }
  }
  std::vector<std::string> paths;
  for (const auto& [name, path] : found) paths.push_back(path);
  return paths;
}

}  // namespace lambent::local
