// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

#include "profiler/os/thread_control.h"

namespace lambent::os {

// A thread at one moment, as the kernel's perf events sampled it.
struct PerfSample {
  int64_t time_ns = 0;  // MonotonicNs
  int32_t tid = 0;
  Registers registers;           // of user space, also while the thread was in the kernel
  absl::Span<const char> stack;  // the bytes from the stack pointer up, as many as could be read
};

// What is asked of the kernel for each sample, and so what a record is made of: perf_event_open(2),
// sample_type.
inline constexpr uint64_t kPerfSampleType = (uint64_t{1} << 1)      // PERF_SAMPLE_TID
                                            | (uint64_t{1} << 2)    // PERF_SAMPLE_TIME
                                            | (uint64_t{1} << 12)   // PERF_SAMPLE_REGS_USER
                                            | (uint64_t{1} << 13);  // PERF_SAMPLE_STACK_USER

// The registers of Registers, as the kernel numbers them for perf (asm/perf_regs.h).
#if defined(__x86_64__)
inline constexpr uint64_t kPerfRegisters = 0x1ff | uint64_t{0xff} << 16;
#else
inline constexpr uint64_t kPerfRegisters = (uint64_t{1} << Registers::kCount) - 1;
#endif

// Bytes of a record with `stack_bytes` of stack.
constexpr size_t PerfRecordBytes(size_t stack_bytes) {
  return 8 + 8 + 8 + 8 + 8 * Registers::kCount + 8 + stack_bytes + 8;
}

// Reads one record (header included) of kPerfSampleType and kPerfRegisters. `sample->stack` points
// into `record`. False when it is another kind of record, a thread of the kernel, or not what the
// kernel would write. Pure.
bool ParsePerfSample(absl::Span<const char> record, PerfSample* sample);

// Copies the newest record out of a ring that is written backwards (perf_event_open(2),
// write_backward): it starts at `head`. `into` holds at least what a record may have. Returns its
// size, 0 when there is none or its header is nonsense. Pure.
// REQUIRES: the ring's size is a power of two.
size_t CopyNewestRecord(absl::Span<const char> ring, uint64_t head, absl::Span<char> into);

}  // namespace lambent::os
