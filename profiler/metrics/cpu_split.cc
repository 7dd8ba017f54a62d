// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/metrics/cpu_split.h"

#include <algorithm>

namespace lambent {

void CpuSplit::Update(int64_t total_us, int64_t user_ticks, int64_t system_ticks) {
  if (total_us <= user_us_ + system_us_) return;
  const int64_t ticks = user_ticks + system_ticks;
  // In double: the product of both may exceed 64 bits, and a µs of a split by ticks is noise.
  const double system_share =
      ticks > 0 ? static_cast<double>(system_ticks) / static_cast<double>(ticks) : 0;
  const auto system_us = static_cast<int64_t>(static_cast<double>(total_us) * system_share);
  // Neither falls: what one part would lose by a shift of the ratio, the other gains later.
  system_us_ = std::clamp(system_us, system_us_, total_us - user_us_);
  user_us_ = total_us - system_us_;
}

}  // namespace lambent
