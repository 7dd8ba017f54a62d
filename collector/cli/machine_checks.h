// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace lambent::cli {

// One thing `lambent doctor` looked at.
struct Check {
  enum Result { kFine, kWorse, kFailed };
  std::string name;
  Result result = kFine;
  std::string found;
  std::string advice;  // what to do; may be empty
};

// Tries the ladder's rungs on a child process started for it: reading its memory, stopping it; and
// reads the kernel's settings. The child is ended before this returns.
std::vector<Check> CheckMachine();

}  // namespace lambent::cli
