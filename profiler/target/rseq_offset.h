// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "profiler/os/remote_memory.h"
#include "profiler/target/module_table.h"

namespace lambent {

// Where the process's C library keeps each thread's rseq area (struct rseq, linux/rseq.h), counted
// from the thread pointer: __rseq_offset of the dynamic loader, glibc 2.35 and later. None: another
// C library, or it did not register the areas. In it lies the CPU on which the thread last ran user
// code, kept up to date by the kernel, so that one read of memory tells it together with what else
// is read, where /proc/PID/task/TID/stat costs a call of 3.4 µs. x86-64 only: elsewhere the thread
// pointer is not what threads are known by.
std::optional<int64_t> FindRseqOffset(const ModuleTable& modules, os::RemoteMemory& memory);

}  // namespace lambent
