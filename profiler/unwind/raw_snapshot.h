// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "absl/types/span.h"

#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "profiler/unwind/machine.h"

namespace lambent {

// One thread at one moment: registers and the bytes its stack pointer points at. What a stack
// source captures and an Unwinder reads, later. Reused from sample to sample: nothing allocates
// after construction. The content is the target's and may be anything. Thread-compatible.
class RawSnapshot {
 public:
  static constexpr size_t kDefaultStackBytes = 16 * 1024;
  static constexpr uint64_t kPageBytes = 4096;  // the smallest there are

  explicit RawSnapshot(size_t capacity = kDefaultStackBytes)
      : capacity_(capacity), bytes_(std::make_unique_for_overwrite<char[]>(capacity + kRedZone)) {}

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
  // the end of the stack's mapping. Returns how many there were. What lies just below the stack
  // pointer comes along: there an epilogue has left the registers it restored.
  size_t CopyStack(os::RemoteMemory& memory, size_t size, uint64_t limit) {
    const uint64_t sp = registers_.sp();
    stack_size_ = 0;
    if (size > capacity_) size = capacity_;
    if (limit <= sp) return 0;
    if (limit - sp < size) size = static_cast<size_t>(limit - sp);
    // Never another page, which may be a guard.
    below_ = static_cast<size_t>(std::min(kRedZone, sp % kPageBytes));
    size_t got = size == 0 ? 0 : memory.Read(sp - below_, bytes_.get(), size + below_);
    if (got == 0 && below_ != 0) {  // somebody's copy, which begins at the stack pointer
      below_ = 0;
      got = memory.Read(sp, bytes_.get(), size);
    }
    if (got > below_) stack_size_ = got - below_;
    return stack_size_;
  }

  // The word at `address`; false when it is not among the copied bytes.
  bool ReadStack(uint64_t address, uint64_t* word) const {
    const uint64_t offset = address - (registers_.sp() - below_);  // wraps far away below that
    const size_t size = stack_size_ + below_;
    if (stack_size_ < sizeof(*word) || offset > size - sizeof(*word)) return false;
    std::memcpy(word, bytes_.get() + offset, sizeof(*word));
    return true;
  }

  // All that was copied, and the address of its first byte.
  absl::Span<const char> bytes() const {
    return {bytes_.get(), stack_size_ == 0 ? 0 : stack_size_ + below_};
  }
  uint64_t bytes_address() const { return registers_.sp() - below_; }

  // Bit i: register i is known.
  uint64_t known() const { return known_; }
  bool Knows(size_t reg) const { return reg < os::Registers::kCount && (known_ >> reg & 1) != 0; }
  const os::Registers& registers() const { return registers_; }
  size_t capacity() const { return capacity_; }
  // Bytes copied from the stack pointer up.
  size_t stack_size() const { return stack_size_; }
  int64_t time_ns() const { return time_ns_; }

 private:
  const size_t capacity_;
  std::unique_ptr<char[]> bytes_;
  os::Registers registers_;
  uint64_t known_ = 0;  // bit i: registers_.values[i] is set
  size_t stack_size_ = 0;
  size_t below_ = 0;  // bytes copied below the stack pointer
  int64_t time_ns_ = 0;
};

}  // namespace lambent
