// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/greeting.h"

#include <algorithm>
#include <utility>

#include "profiler/base/version.h"

namespace lambent {

Greeting MakeGreeting(const Configuration& configuration, const Registration& registration,
                      std::string environment_id, absl::Time started) {
  const auto first = [](const std::string& a, const std::string& b) { return a.empty() ? b : a; };
  const FunctionFacts& function = configuration.function;
  Greeting greeting;
  greeting.environment_id = std::move(environment_id);
  greeting.function_name = first(registration.function_name, function.name);
  greeting.function_version = first(registration.function_version, function.version);
  greeting.region = function.region;
  greeting.handler = registration.handler;
  greeting.memory_mb = function.memory_mb;
#if defined(__aarch64__)
  greeting.architecture = "arm64";
#else
  greeting.architecture = "x86_64";
#endif
  greeting.initialization_type = function.initialization_type;
  greeting.extension_version = std::string(kVersion);
  greeting.sample_hz = configuration.session.sample_hz;
  greeting.started = started;
  // What is sent only at the end leaves no time for symbols.
  greeting.provides_symbols = configuration.uplink.flush != FlushMode::kEnd;
  return greeting;
}

std::string RuntimeName(std::string_view runtime_version) {
  // The last part is the platform's own patch number.
  if (const size_t patch = runtime_version.rfind(".v"); patch != std::string_view::npos) {
    runtime_version = runtime_version.substr(0, patch);
  }
  std::string name(runtime_version);
  name.erase(std::remove(name.begin(), name.end(), ':'), name.end());
  return name;
}

}  // namespace lambent
