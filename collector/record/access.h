// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "profiler/os/process_files.h"

namespace lambent::record {

// A process of this machine and who asks to look at it. A value.
struct ProcessIdentity {
  int32_t pid = 0;
  std::string name;  // comm
  uint32_t uid = 0;
  uint32_t own_uid = 0;
  // kernel.yama.ptrace_scope, Documentation/admin-guide/LSM/Yama.rst; 0: everything, or no Yama.
  int yama_scope = 0;
};

// Looks at /proc/PID. Errors: NotFound (no such process), InvalidArgument (a thread's id, a thread
// of the kernel, or this process), in words for people.
absl::StatusOr<ProcessIdentity> IdentifyProcess(os::ProcFiles& proc, int32_t pid);

// What to do when the process's memory may not be read: the first thing that would help, for
// people. Pure.
std::string AdviseAccess(const ProcessIdentity& process);

// kernel.yama.ptrace_scope; 0 where there is no Yama.
int YamaScope(os::ProcFiles& proc);

}  // namespace lambent::record
