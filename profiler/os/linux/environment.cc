// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/environment.h"

#include <stdlib.h>
#include <unistd.h>

namespace lambent::os {

Environment ReadEnvironment() {
  Environment variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

void UnsetVariablesWithPrefix(std::string_view prefix) {
  for (const auto& [name, value] : ReadEnvironment()) {
    if (std::string_view(name).substr(0, prefix.size()) == prefix) unsetenv(name.c_str());
  }
}

std::string_view ValueOf(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace lambent::os
