// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lambent::cli {

// What `lambent` ends with, for scripts.
enum ExitCode : int {
  kOk = 0,
  kNothingMatched = 1,  // also: a check of `doctor` failed
  kWrongUsage = 2,
  kUnreachable = 3,  // no collector answers
  kOtherError = 4,
};

}  // namespace lambent::cli
