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
  kGone,     // the thread has ended
  kRefused,  // ptrace is not permitted here, or somebody else traces the thread
  kLate,     // it has not stopped yet, and will as soon as it is given a CPU
};

// How long to wait for a thread to stop: first awake, then asleep. Awake it is seen as soon as it
// stands, which takes a sleeper's wake-up off its pause (across CPUs 10 µs of 44 on idle ones,
// hundreds on busy ones); but on the CPU of the one that waits it cannot stop before that sleeps.
struct StopPatience {
  int64_t awake_ns = 0;
  int64_t asleep_ns = 0;
};

// Holds one thread still for one sample: seize, interrupt, registers; then detach. Never stays
// attached: a tracer that is frozen or slow would hold up its target's signals. A signal that
// arrived meanwhile is passed on. A thread already stopped by SIGSTOP stays so.
//
// A thread that waits for a CPU stops when it gets one, which takes milliseconds where threads
// queue, and cannot be called off. Such a late thread, once it stands, stands until it is taken or
// let go: who has one sleeps in AwaitStop() and asks FindStopped() when it returns.
//
// Do not stop a thread that is blocked: some calls would return EINTR (epoll_wait, sem_op, …).
//
// ptrace(2) knows tracers by thread: confined to one thread, which is the sampler thread.
class ThreadControl {
 public:
  virtual ~ThreadControl() = default;

  // Stops `tid` and reads its registers. A late thread is not asked again: it is given once it
  // stands. REQUIRES: no thread is stopped.
  virtual StopResult Stop(int32_t tid, StopPatience patience, Registers* registers) = 0;

  // Lets the stopped thread go on.
  virtual void Resume() = 0;

  // Threads asked to stop that were neither given nor let go, of all controls of this thread.
  virtual size_t late() const = 0;
  virtual bool IsLate(int32_t tid) const = 0;

  // A late thread that stands, for Stop(); 0: none. Forgets those that have ended. Never blocks.
  virtual int32_t FindStopped() = 0;

  // When the late thread that Stop() gave last came to stand, at the earliest (CLOCK_MONOTONIC).
  virtual int64_t stood_since_ns() const = 0;

  // Sleeps until a late thread stands, or until `until_ns` (CLOCK_MONOTONIC); perhaps for less, and
  // not until one ends. False, at once, while none of this control is late.
  virtual bool AwaitStop(int64_t until_ns) = 0;

  // Lets go of the late threads that stand. Returns how many are late still. Never blocks.
  virtual size_t Settle() = 0;
};

// `process`: whose threads it will stop, so that one which calls exec meanwhile, and has another id
// then, is let go too; 0: not known.
std::unique_ptr<ThreadControl> CreateThreadControl(int32_t process = 0);

}  // namespace lambent::os
