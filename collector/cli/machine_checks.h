// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "collector/record/access.h"
#include "collector/record/diagnosis.h"

namespace lambent::cli {

// One thing `lambent doctor` looked at.
struct Check {
  enum Result { kFine, kUnneeded, kWorse, kFailed };
  std::string name;
  Result result = kFine;
  std::string found;
  std::string advice;  // what to do; may be empty
};

// Tries the ladder's rungs on a busy process started for it, which is ended before this returns.
std::vector<Check> CheckMachine();

// The same on a process that runs already. Errors: those of record::IdentifyProcess.
absl::StatusOr<std::vector<Check>> CheckProcess(int32_t pid);

// What a diagnosis says, a check for each rung, then what would be used and what it costs. Pure.
std::vector<Check> ChecksOf(const record::Diagnosis& diagnosis,
                            const record::ProcessIdentity& process);

}  // namespace lambent::cli
