// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/types/span.h"

namespace lambent::os {

// One piece of another process's memory and where it goes.
struct RemoteRange {
  uint64_t address = 0;
  void* into = nullptr;
  size_t size = 0;
};

// Memory of one other process. Its content is untrusted and changes while it is read, unless the
// caller knows better. No read allocates. Thread-compatible.
class RemoteMemory {
 public:
  virtual ~RemoteMemory() = default;

  // Reads `size` bytes; returns how many were read, fewer when a page is not readable.
  virtual size_t Read(uint64_t address, void* into, size_t size) = 0;

  // Reads the ranges in order, in one system call where there is one for it. Returns the bytes read
  // in total; stops at the first byte that is not readable. At most kMaxRanges.
  // By itself reads one range after the other.
  virtual size_t ReadV(absl::Span<const RemoteRange> ranges);
  static constexpr size_t kMaxRanges = 64;

  // Why the last read was short.
  enum class Failure : uint8_t {
    kNone,
    kUnmapped,  // no readable memory there
    kGone,      // the process has ended
    kRefused,   // not permitted
  };
  virtual Failure last_failure() const = 0;
};

template <typename T>
bool ReadRemote(RemoteMemory& memory, uint64_t address, T* value) {
  return memory.Read(address, value, sizeof(T)) == sizeof(T);
}

// process_vm_readv(2): one system call for many ranges. Its permission check is that of ptrace.
std::unique_ptr<RemoteMemory> CreateVmReadMemory(int32_t pid);

// pread(2) of /proc/PID/mem: seccomp can hardly refuse it. One system call for each range.
std::unique_ptr<RemoteMemory> CreateProcMemory(int32_t pid, const std::string& proc_root = "/proc");

// What ProbeRemoteMemory found.
struct RemoteMemoryProbe {
  std::unique_ptr<RemoteMemory> memory;  // the best that works; null: none
  std::string vm_read;                   // "ok", or why it does not work
  std::string proc_mem;                  // "ok", "not tried", or why it does not work
};

// Tries the ways to read `size` = 8 bytes at `address`, known to be mapped in the process, best
// first.
RemoteMemoryProbe ProbeRemoteMemory(int32_t pid, uint64_t address);

}  // namespace lambent::os
