// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace lambent::os {

// What the extension imposes on its own process, so that it stays small beside somebody's function.
// All are best effort: failing leaves the kernel's default, which is worse but works.

// RLIMIT_CORE = 0: a core file of ours would land in the customer's /tmp, of limited size.
void DisableCoreDumps();

// One malloc arena for all threads (glibc M_ARENA_MAX), early return of freed memory to the kernel.
// Call before the first thread starts.
void LimitMallocArenas();

// Default stack size of the threads started from now on, ours and those of libraries.
void SetDefaultThreadStack(size_t bytes);

// SIGPIPE and SIGTERM are ignored: the platform ends an extension by SHUTDOWN, then SIGKILL, and
// may send SIGTERM earlier, when there still is something to deliver.
void IgnoreTerminationSignals();

// RLIMIT_NOFILE: as many open descriptors as the administrator allows, instead of the default 1,024.
void RaiseOpenFilesLimit();

// Ends the process at once, without destructors or exit handlers: _exit(2).
[[noreturn]] void ExitNow(int status);

// Blocks the calling thread for ever, without using CPU.
[[noreturn]] void SleepForever();

}  // namespace lambent::os
