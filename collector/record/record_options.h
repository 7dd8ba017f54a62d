// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "profiler/base/rung.h"

namespace lambent::record {

// Of one CPU, for sampling and for the time that threads stand still; beyond it the rate is
// lowered. A person asked for the rate and waits beside it; on Lambda it is 1 %.
inline constexpr double kOverheadBudget = 0.05;

// What is recorded, and how. A value.
struct RecordOptions {
  int32_t pid = 0;                   // of a running process; 0: `command` is started
  std::vector<std::string> command;  // a program's name or path, and its arguments
  uint32_t sample_hz = 99;           // 1..1000
  absl::Duration duration = absl::InfiniteDuration();
  bool children = false;      // the process's descendants too
  bool thread_roots = false;  // each thread a tower of its own
  bool lines = false;         // frames are told apart by the line they execute
  bool with_lock = false;     // only samples of threads that held their interpreter's global lock
  bool inlined = true;        // functions that were inlined are frames of their own
  // Where debugging information is looked for, before /usr/lib/debug.
  std::vector<std::string> debug_directories = {};
  bool native = true;  // an interpreter's threads: C functions among its own frames
  // The rung for running threads; none: the ladder's own choice.
  std::optional<Rung> rung;
};

}  // namespace lambent::record
