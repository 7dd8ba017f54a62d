// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace lambent::os {

// Registers of a thread, indexed by their DWARF numbers: x86-64 0-15 are rax rdx rcx rbx rsi rdi
// rbp rsp r8-r15 and 16 is the pc (System V psABI, figure 3.36); aarch64 0-30 are x0-x30, 31 sp, 32
// pc (AADWARF64). A value.
struct Registers {
#if defined(__x86_64__)
  static constexpr size_t kCount = 17, kFp = 6, kSp = 7, kPc = 16;
#elif defined(__aarch64__)
  static constexpr size_t kCount = 33, kFp = 29, kSp = 31, kPc = 32;
#else
#error "Lambent knows the registers of x86-64 and aarch64"
#endif
  std::array<uint64_t, kCount> values{};

  uint64_t pc() const { return values[kPc]; }
  uint64_t sp() const { return values[kSp]; }
  uint64_t fp() const { return values[kFp]; }
};

enum class StopResult : uint8_t {
  kStopped,
  kGone,      // the thread has ended
  kRefused,   // ptrace is not permitted here, or somebody else traces the thread
  kTimedOut,  // it did not stop in time; it is let go as soon as it stops (see Settle)
};

// Holds one thread still for one sample: seize, interrupt, registers; then detach. Never stays
// attached: a tracer that is frozen or slow would hold up its target's signals. A signal that
// arrived meanwhile is passed on. A thread already stopped by SIGSTOP stays so.
//
// Do not stop a thread that is blocked: some calls would return EINTR (epoll_wait, sem_op, …).
//
// ptrace(2) knows tracers by thread: confined to one thread, which is the sampler thread.
class ThreadControl {
 public:
  virtual ~ThreadControl() = default;

  // Stops `tid` and reads its registers; within 20 ms. REQUIRES: no thread is stopped.
  virtual StopResult Stop(int32_t tid, Registers* registers) = 0;

  // Lets the stopped thread go on.
  virtual void Resume() = 0;

  // Lets go of threads that did not stop in time but have since. Returns how many are still held
  // (attached, running on). Never blocks. Stop() calls it too; call it at every tick while it is >
  // 0.
  virtual size_t Settle() = 0;
};

std::unique_ptr<ThreadControl> CreateThreadControl();

}  // namespace lambent::os
