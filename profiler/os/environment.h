// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace lambent::os {

// Environment variables by name.
using Environment = std::map<std::string, std::string, std::less<>>;

// This process's variables. Not to be called while another thread changes them.
Environment ReadEnvironment();

// Removes every variable that begins with `prefix`. Call before any other thread runs.
void UnsetVariablesWithPrefix(std::string_view prefix);

// The value of `name`, or empty.
std::string_view ValueOf(const Environment& environment, std::string_view name);

}  // namespace lambent::os
