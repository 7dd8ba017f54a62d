// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/base/drop_reason.h"
#include "profiler/os/clock.h"
#include "profiler/stacks/rung_probe.h"

namespace lambent::record {

// What the ladder can do on a process, and what that costs. A value.
struct Diagnosis {
  std::vector<RungProbe> rungs;
  uint64_t looks = 0;  // observations of a thread
  std::array<uint64_t, kRungCount> by_rung{};
  DropCounts drops;
  int64_t wall_ns = 0;      // of all of it
  int64_t self_cpu_ns = 0;  // own CPU time, of the looks and the rests between them
  int64_t stopped_ns = 0;   // the process's threads stood still

  bool Has(Rung rung) const {
    for (const RungProbe& probe : rungs) {
      if (probe.rung == rung) return probe.available;
    }
    return false;
  }
};

// Attaches to a process and looks at each of its threads some times, at 99 Hz for a third of a
// second: long enough for a figure, short enough to wait for. Errors: NotFound.
absl::StatusOr<Diagnosis> Diagnose(int32_t pid, os::Clock& clock);

// The rung that stacks of running threads would come from, of native ones and of those an
// interpreter runs; kMetricsOnly: from none. Pure.
Rung RungForNative(const Diagnosis& diagnosis);
Rung RungForInterpreted(const Diagnosis& diagnosis);

}  // namespace lambent::record
