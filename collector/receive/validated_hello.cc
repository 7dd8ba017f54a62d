// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/validated_hello.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "collector/receive/limits.h"

namespace lambent::collector {

absl::StatusOr<ValidatedHello> ValidateHello(const v1::Hello& hello) {
  if (hello.environment_id().size() != kEnvironmentIdBytes) {
    return absl::InvalidArgumentError(absl::StrCat("hello: environment_id has ",
                                                   hello.environment_id().size(), " bytes, not ",
                                                   kEnvironmentIdBytes));
  }
  const std::pair<const char*, const std::string*> texts[] = {
      {"function_name", &hello.function_name()},
      {"function_version", &hello.function_version()},
      {"region", &hello.region()},
      {"handler", &hello.handler()},
      {"architecture", &hello.architecture()},
      {"runtime", &hello.runtime()},
      {"initialization_type", &hello.initialization_type()},
      {"extension_version", &hello.extension_version()},
  };
  for (const auto& [field, text] : texts) {
    if (text->size() > kMaxIdBytes) {
      return absl::InvalidArgumentError(absl::StrCat("hello: ", field, " has ", text->size(),
                                                     " bytes; at most ", kMaxIdBytes, " allowed"));
    }
  }
  if (hello.rungs_size() > static_cast<int>(kMaxRungs)) {
    return absl::InvalidArgumentError(absl::StrCat("hello: ", hello.rungs_size(), " rungs"));
  }
  if (hello.started_unix_us() < 0 || hello.started_unix_us() > kMaxUnixUs) {
    return absl::InvalidArgumentError("hello: started_unix_us is out of range");
  }
  if (hello.settled_sequence() > kMaxSequence) {
    return absl::InvalidArgumentError("hello: settled_sequence is out of range");
  }
  ValidatedHello result;
  result.environment_id = hello.environment_id();
  result.function_name = hello.function_name().empty() ? "unknown" : hello.function_name();
  result.function_version = hello.function_version().empty() ? "$LATEST" : hello.function_version();
  result.region = hello.region();
  result.handler = hello.handler();
  result.memory_mb = hello.memory_mb();
  result.architecture = hello.architecture();
  result.runtime = hello.runtime();
  result.initialization_type = hello.initialization_type();
  result.extension_version = hello.extension_version();
  result.sample_hz = hello.sample_hz();
  result.started_unix_us = hello.started_unix_us();
  result.settled_sequence = hello.settled_sequence();
  result.provides_symbols = hello.provides_symbols();
  for (const v1::RungProbe& probe : hello.rungs()) {
    if (probe.rung() >= static_cast<uint32_t>(kRungCount)) continue;  // a newer extension's rung
    // Reasons are for people: a long one is cut, not refused.
    result.rungs.push_back({static_cast<Rung>(probe.rung()), probe.available(),
                            probe.reason().substr(0, kMaxStringBytes)});
  }
  return result;
}

}  // namespace lambent::collector
