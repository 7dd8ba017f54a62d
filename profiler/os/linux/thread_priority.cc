// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/thread_priority.h"

#include <errno.h>
#include <sys/resource.h>

namespace lambent::os {
namespace {

constexpr int kNice = 10;

}  // namespace

bool LowerThreadPriority() {
  // 0 is the calling thread: Linux's nice value is each thread's own (setpriority(2), C library
  // differences).
  errno = 0;
  const int now = getpriority(PRIO_PROCESS, 0);
  if (errno == 0 && now >= kNice) return true;
  return setpriority(PRIO_PROCESS, 0, kNice) == 0;
}

}  // namespace lambent::os
