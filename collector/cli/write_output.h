// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"

#include "collector/cli/command.h"

namespace lambent::cli {

// Puts an export where -o says: a file, "-" for standard output, `standard_name` by default. Says
// on err where it went. The exit code.
int WriteOutput(const Call& call, const std::string& standard_name, const std::string& content);

// Whether that will be possible, for what takes long to make. Leaves what is there as it is.
// Errors: INVALID_ARGUMENT, for people.
absl::Status CheckOutput(const Call& call, const std::string& standard_name);

// "orders-init.html" of what was selected and the format: letters, digits and dashes only. Pure.
std::string OutputName(const std::vector<std::string>& parts, const std::string& extension);

// What the name of a file in a format ends with: "pb.gz" for "pprof". Pure.
std::string ExtensionOf(const std::string& format);

}  // namespace lambent::cli
