// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "extensions/external/command_line.h"

namespace lambent {

// What to do when registering failed. Any exit of an extension fails the function, so it is the
// last resort; it is right only where there is no function.
enum class RegisterFailure {
  kRetry,     // the platform had an error of its own; worth another attempt
  kStayIdle,  // refused: say so and sleep
  kExplain,   // nobody listens: not started by Lambda
};

// `attempts`: made so far, at least 1. Pure.
RegisterFailure DecideAfterFailedRegister(const absl::Status& failure, int attempts);

// How long to wait before asking for the next event again after `failures` failed calls in a row.
// Pure.
absl::Duration NextRetryDelay(int failures);

// The life of the extension: registers, profiles, and ends the process after SHUTDOWN. The exit
// status is returned only when there was nothing to live for (2: not started by Lambda).
int RunExtension(const CommandLine& command_line);

}  // namespace lambent
