// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"

#include "profiler/os/clock.h"
#include "profiler/stacks/process_sampler.h"

namespace lambent {

// What is done between two ticks: sleeps until `until_ns` (MonotonicNs) and takes the stops that
// come meanwhile. On the sampler thread.
inline void RestUntil(int64_t until_ns, os::Clock& clock, ProcessSampler& sampler,
                      absl::FunctionRef<void(const ThreadSample&)> sink) {
  while (clock.MonotonicNs() < until_ns) {
    if (sampler.AwaitStop(until_ns)) {
      sampler.TakeStops(sink);
    } else {
      clock.SleepUntil(until_ns);
    }
  }
}

}  // namespace lambent
