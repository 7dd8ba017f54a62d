// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace lambent {

// By when each step after SHUTDOWN must be over. The platform kills at the deadline.
struct ShutdownPlan {
  absl::Time telemetry_until;  // the last telemetry of the dying invocation is waited for
  absl::Time session_until;    // the sampler has handed over its last batch
  absl::Time flush_until;      // what could be delivered is

  friend bool operator==(const ShutdownPlan&, const ShutdownPlan&) = default;
};

// Divides the time up to the deadline, less a margin of 300 ms in which the process ends. A
// deadline that is missing (the epoch), past or far away is taken as the platform's usual 2 s.
// Pure.
ShutdownPlan PlanShutdown(absl::Time now, absl::Time deadline);

}  // namespace lambent
