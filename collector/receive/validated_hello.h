// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lambent/v1/ingest.pb.h"
#include "profiler/base/rung.h"

namespace lambent::collector {

// Who sends: a Hello whose every field was checked. A value.
struct ValidatedHello {
  struct RungProbe {
    Rung rung = Rung::kMetricsOnly;
    bool available = false;
    std::string reason;
    bool operator==(const RungProbe&) const = default;
  };

  std::string environment_id;  // 16 raw bytes
  std::string function_name;   // never empty
  std::string function_version;
  std::string region;
  std::string handler;
  uint32_t memory_mb = 0;
  std::string architecture;
  std::string runtime;
  std::string initialization_type;
  std::string extension_version;
  uint32_t sample_hz = 0;
  std::vector<RungProbe> rungs;
  int64_t started_unix_us = 0;
  uint64_t settled_sequence = 0;
  bool provides_symbols = false;
  bool operator==(const ValidatedHello&) const = default;
};

// Checks an untrusted Hello. An empty function name becomes "unknown", an empty version "$LATEST".
// INVALID_ARGUMENT says which field is wrong. Pure.
absl::StatusOr<ValidatedHello> ValidateHello(const v1::Hello& hello);

}  // namespace lambent::collector
