// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace lambent::bench {

// Counts the system calls of the calling thread, each one, by Syscall User Dispatch
// (Documentation/admin-guide/syscall-user-dispatch.rst, Linux 5.11, x86-64): the kernel hands a
// call back as SIGSYS, whose handler counts it and makes it. Unlike a tracer's count nothing waits
// for another process, so what is counted goes as it goes, a microsecond a call slower. One thread
// of a process at a time.
class SystemCallCount {
 public:
  // Unimplemented: the kernel or the machine cannot do it.
  static absl::Status Begin();
  static void End();

  // Calls since Begin().
  static uint64_t count();
};

}  // namespace lambent::bench
