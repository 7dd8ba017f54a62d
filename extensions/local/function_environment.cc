// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/function_environment.h"

#include <set>

#include "absl/strings/str_cat.h"

namespace lambent::local {
namespace {

constexpr const char* kRegion = "us-east-1";
constexpr const char* kAccount = "123456789012";

}  // namespace

Variables RuntimeVariables(const LocalOptions& options, const Variables& ours, uint16_t port,
                           const std::string& task_root, const std::string& execution_env) {
  Variables variables = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LANG", "C.UTF-8"}, {"TZ", ":UTC"}};
  for (const char* name :
       {"PATH", "HOME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) {
    if (const auto found = ours.find(name); found != ours.end()) variables[name] = found->second;
  }
  for (const auto& [name, value] : options.environment) variables[name] = value;
  variables.emplace("AWS_REGION", kRegion);
  variables.emplace("AWS_DEFAULT_REGION", variables["AWS_REGION"]);
  const Variables reserved = {
      {"AWS_LAMBDA_RUNTIME_API", absl::StrCat("127.0.0.1:", port)},
      {"AWS_LAMBDA_FUNCTION_NAME", options.function_name},
      {"AWS_LAMBDA_FUNCTION_VERSION", options.function_version},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", absl::StrCat(options.memory_mb)},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
      {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/" + options.function_name},
      {"AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[" + options.function_version + "]local"},
      {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
      {"AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"},
      {"LAMBDA_TASK_ROOT", task_root},
      {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
      {"_HANDLER", options.handler},
  };
  for (const auto& [name, value] : reserved) variables[name] = value;
  variables.erase("AWS_EXECUTION_ENV");  // not defined for OS-only runtimes
  if (!execution_env.empty()) variables["AWS_EXECUTION_ENV"] = execution_env;
  return variables;
}

Variables ExtensionVariables(const Variables& runtime, const Variables& extra) {
  static const std::set<std::string>& withheld = *new std::set<std::string>{
      "AWS_EXECUTION_ENV",        "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
      "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS",   "LAMBDA_RUNTIME_DIR",
      "LAMBDA_TASK_ROOT"};
  Variables variables;
  for (const auto& [name, value] : runtime) {
    if (name[0] != '_' && withheld.count(name) == 0) variables[name] = value;
  }
  for (const auto& [name, value] : extra) variables[name] = value;
  return variables;
}

std::vector<std::string> ToStrings(const Variables& variables) {
  std::vector<std::string> strings;
  strings.reserve(variables.size());
  for (const auto& [name, value] : variables) strings.push_back(name + "=" + value);
  return strings;
}

std::string FunctionArn(const LocalOptions& options) {
  std::string arn =
      absl::StrCat("arn:aws:lambda:", kRegion, ":", kAccount, ":function:", options.function_name);
  if (options.function_version != "$LATEST") absl::StrAppend(&arn, ":", options.function_version);
  return arn;
}

}  // namespace lambent::local
