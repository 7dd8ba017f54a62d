// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "extensions/local/local_options.h"

namespace lambent::local {

using Variables = std::map<std::string, std::string>;

// The variables the runtime gets: the customer's, Lambda's reserved ones, and of `ours` only what a
// program needs to start on this machine (PATH, HOME, credentials). Reserved names win over the
// customer's. Pure.
Variables RuntimeVariables(const LocalOptions& options, const Variables& ours, uint16_t port,
                           const std::string& task_root, const std::string& execution_env);

// What of them an extension gets (lambda docs, "Extensions API environment variables", and the
// emulator's source): not AWS_EXECUTION_ENV, the log group and stream, the X-Ray daemon, the
// runtime and task folders, the handler, nor anything that begins with "_". Pure.
Variables ExtensionVariables(const Variables& runtime, const Variables& extra);

// As execve wants them.
std::vector<std::string> ToStrings(const Variables& variables);

// arn:aws:lambda:<region>:<account>:function:<name>, with the version unless it is $LATEST.
std::string FunctionArn(const LocalOptions& options);

}  // namespace lambent::local
