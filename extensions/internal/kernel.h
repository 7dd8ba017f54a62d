// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__x86_64__)
#include <asm/prctl.h>
#endif
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>

#include <cstddef>
#include <cstdint>

namespace lambent::agent {

// The kernel, without a C library between: the agent is loaded into processes with any, old or new
// or none, and runs inside their signal handlers. Nothing here touches errno; a failed call returns
// -errno. Async-signal-safe. syscall(2), "Architecture calling conventions".
inline long Call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                 long f = 0) {
#if defined(__x86_64__)
  long result = number;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
#endif
}

template <typename T>
long Address(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

// struct sigaction and sigset_t as rt_sigaction(2) has them.
struct SignalAction {
  void (*handler)(int, void*, void*);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

// struct itimerspec of timer_settime(2).
struct TimerSetting {
  int64_t interval_s;
  int64_t interval_ns;
  int64_t first_s;
  int64_t first_ns;
};

// A piece of memory, struct iovec of process_vm_readv(2).
struct Piece {
  const void* start;
  size_t bytes;
};

inline int32_t ProcessId() { return static_cast<int32_t>(Call(__NR_getpid)); }
inline int32_t ThreadId() { return static_cast<int32_t>(Call(__NR_gettid)); }

// Where the calling thread's descriptor is, as its C library has set it; 0: nowhere.
inline uint64_t ThreadPointer() {
#if defined(__x86_64__)
  uint64_t pointer = 0;  // asked of the kernel: without a C library %fs leads nowhere
  Call(__NR_arch_prctl, ARCH_GET_FS, Address(&pointer));
  return pointer;
#elif defined(__aarch64__)
  uint64_t pointer;
  __asm__("mrs %0, tpidr_el0" : "=r"(pointer));
  return pointer;
#endif
}

// Copies; the ranges do not overlap. No vector registers, no library.
inline void Copy(void* into, const void* from, size_t bytes) {
#if defined(__x86_64__)
  __asm__ volatile("rep movsb" : "+D"(into), "+S"(from), "+c"(bytes) : : "memory");
#else
  auto* to = static_cast<uint64_t*>(into);
  const auto* words = static_cast<const uint64_t*>(from);
  for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t)) {
    const uint64_t word = *words++;
    __asm__ volatile("str %1, [%0], #8" : "+r"(to) : "r"(word) : "memory");
  }
#endif
}

}  // namespace lambent::agent
