// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent {

// Splits the exact CPU time of a process into user and system by the ratio of its ticks, as the
// kernel itself does for getrusage(2) (cputime_adjust): the ticks are 10 ms coarse, so an
// invocation of a few ms would otherwise have used 0 or 10. user + system is the exact time, and
// neither ever falls. Pure; thread-compatible.
class CpuSplit {
 public:
  // `total_us`: by the process's CPU clock. A smaller one than before changes nothing.
  void Update(int64_t total_us, int64_t user_ticks, int64_t system_ticks);

  int64_t user_us() const { return user_us_; }
  int64_t system_us() const { return system_us_; }

 private:
  int64_t user_us_ = 0;
  int64_t system_us_ = 0;
};

}  // namespace lambent
