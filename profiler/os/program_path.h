// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace lambent::os {

// `name` itself if it holds a slash, else the first executable file of that name in `path` (as in
// $PATH). NotFound otherwise. Thread-safe, like the others here.
absl::StatusOr<std::string> FindProgram(const std::string& name, const std::string& path);

// Whether `path` is a regular file this user may execute. access(2).
bool IsExecutableFile(const std::string& path);

// The path of the running program. /proc/self/exe; empty if it cannot be read.
std::string OwnProgramPath();

}  // namespace lambent::os
