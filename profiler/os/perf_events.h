// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"

#include "profiler/os/perf_sample.h"

namespace lambent::os {

// The samples of one thread, in memory the kernel writes and we only read: the newest ones, older
// ones are overwritten. Thread-compatible.
class PerfRing {
 public:
  virtual ~PerfRing() = default;

  // The newest sample, once; it stays valid until the next call. False: there is no new one. A
  // microsecond and a copy of the record; no system call.
  virtual bool TakeNewest(PerfSample* sample) = 0;

  // CPU time of the thread between two samples, from now on. One system call.
  virtual void SetPeriod(int64_t period_ns) = 0;
};

// perf_event_open(2) on single threads: the kernel's software CPU clock interrupts the thread each
// time it has used `period_ns` of CPU time, and copies its user registers and the top of its stack:
// 15 to 22 µs of the thread's time for a sample of 8 to 32 KB. Nothing is stopped.
// Thread-compatible.
class PerfEvents {
 public:
  // The kernel's records are shorter than 64 KiB.
  static constexpr size_t kMaxStackBytes = 60 * 1024;

  virtual ~PerfEvents() = default;

  // Starts sampling a thread. Whether time in the kernel is sampled too is decided by what is
  // permitted: always preferred, since a thread in a system call has a stack as well.
  // `stack_bytes`: a multiple of 8, at most kMaxStackBytes. Errors: NotFound (no such thread),
  // PermissionDenied (with the setting that refuses it), ResourceExhausted (locked memory or
  // descriptors), Unimplemented.
  virtual absl::StatusOr<std::unique_ptr<PerfRing>> Open(int32_t tid, int64_t period_ns,
                                                         size_t stack_bytes) = 0;
};

std::unique_ptr<PerfEvents> CreatePerfEvents();

}  // namespace lambent::os
