// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/wrapper_patience.h"

namespace lambent {

bool WrapperPatience::ShouldWait(const RuntimeProcess& found, int64_t now_ns) {
  if (!IsWrapper(found.exe)) return false;
  if (found.pid != pid_ || found.start_ticks != start_ticks_) {
    pid_ = found.pid;
    start_ticks_ = found.start_ticks;
    first_seen_ns_ = now_ns;
  }
  return now_ns - first_seen_ns_ < kWaitNs;
}

}  // namespace lambent
