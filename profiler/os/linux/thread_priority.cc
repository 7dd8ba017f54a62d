// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/thread_priority.h"

#include <sched.h>
#include <sys/resource.h>

namespace lambent::os {
namespace {

constexpr int kLowestNice = 19;

}  // namespace

bool LowerThreadPriority() {
  const sched_param none{};
  if (sched_setscheduler(0, SCHED_IDLE, &none) == 0) return true;
  // 0 is the calling thread: Linux's nice value is each thread's own (setpriority(2), C library
  // differences).
  return setpriority(PRIO_PROCESS, 0, kLowestNice) == 0;
}

}  // namespace lambent::os
