// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"

namespace lambent {

// One thread at one moment: registers and the bytes its stack pointer points at. What a stack
// source captures and an Unwinder reads, later. Reused from sample to sample: nothing allocates
// after construction. The content is the target's and may be anything. Thread-compatible.
class RawSnapshot {
 public:
  static constexpr size_t kDefaultStackBytes = 16 * 1024;

  explicit RawSnapshot(size_t capacity = kDefaultStackBytes)
      : capacity_(capacity), bytes_(std::make_unique_for_overwrite<char[]>(capacity)) {}

  // All registers are known: a stopped thread's.
  void SetRegisters(const os::Registers& registers, int64_t time_ns) {
    registers_ = registers;
    known_ = ~uint64_t{0};
    time_ns_ = time_ns;
    stack_size_ = 0;
  }

  // Only these two are known: a blocked thread's.
  void SetCallRegisters(uint64_t pc, uint64_t sp, int64_t time_ns) {
    registers_.values[os::Registers::kPc] = pc;
    registers_.values[os::Registers::kSp] = sp;
    known_ = (uint64_t{1} << os::Registers::kPc) | (uint64_t{1} << os::Registers::kSp);
    time_ns_ = time_ns;
    stack_size_ = 0;
  }

  // Copies up to `size` bytes (at most the capacity) from the stack pointer up, not beyond `limit`,
  // the end of the stack's mapping. Returns how many there were.
  size_t CopyStack(os::RemoteMemory& memory, size_t size, uint64_t limit) {
    const uint64_t sp = registers_.sp();
    if (size > capacity_) size = capacity_;
    if (limit <= sp) {
      size = 0;
    } else if (limit - sp < size) {
      size = static_cast<size_t>(limit - sp);
    }
    stack_size_ = size == 0 ? 0 : memory.Read(sp, bytes_.get(), size);
    return stack_size_;
  }

  // The word at `address`; false when it is not among the copied bytes.
  bool ReadStack(uint64_t address, uint64_t* word) const {
    const uint64_t offset = address - registers_.sp();  // wraps far away below the stack pointer
    if (stack_size_ < sizeof(*word) || offset > stack_size_ - sizeof(*word)) return false;
    std::memcpy(word, bytes_.get() + offset, sizeof(*word));
    return true;
  }

  bool Knows(size_t reg) const { return reg < os::Registers::kCount && (known_ >> reg & 1) != 0; }
  const os::Registers& registers() const { return registers_; }
  size_t capacity() const { return capacity_; }
  size_t stack_size() const { return stack_size_; }
  int64_t time_ns() const { return time_ns_; }

 private:
  const size_t capacity_;
  std::unique_ptr<char[]> bytes_;
  os::Registers registers_;
  uint64_t known_ = 0;  // bit i: registers_.values[i] is set
  size_t stack_size_ = 0;
  int64_t time_ns_ = 0;
};

}  // namespace lambent
