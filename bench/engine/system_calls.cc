// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/system_calls.h"

#if defined(__x86_64__)
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstddef>

// linux/prctl.h of 5.11; older ones do not name them.
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#endif

// The only code whose calls the kernel makes at once: one that makes the handler's, as a function,
// and the handler's own return. What a kernel's struct sigaction on x86-64 needs and libc hides.
__asm__(
    ".text\n"
    ".type lambent_bench_call, @function\n"
    "lambent_bench_call:\n"
    "  mov %rdi, %rax\n"
    "  mov (%rsi), %rdi\n"
    "  mov 16(%rsi), %rdx\n"
    "  mov 24(%rsi), %r10\n"
    "  mov 32(%rsi), %r8\n"
    "  mov 40(%rsi), %r9\n"
    "  mov 8(%rsi), %rsi\n"
    "  syscall\n"
    "  ret\n"
    ".type lambent_bench_return, @function\n"
    "lambent_bench_return:\n"
    "  mov $15, %eax\n"
    "  syscall\n"
    "  ud2\n"  // the kernel looks at the address after a call
    "lambent_bench_calls_end:\n");
extern "C" int64_t lambent_bench_call(int64_t number, const int64_t* arguments);
extern "C" void lambent_bench_return();
extern "C" const char lambent_bench_calls_end[];

namespace lambent::bench {
namespace {

struct KernelSigaction {
  void (*handler)(int, siginfo_t*, void*);
  unsigned long flags;
  void (*restorer)();
  unsigned long mask;
};
constexpr unsigned long kRestorer = 0x04000000;

uint64_t counted = 0;
char selector = 0;  // SYSCALL_DISPATCH_FILTER_ALLOW
KernelSigaction before{};

void Make(int, siginfo_t*, void* context) {
  greg_t* const regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const int64_t arguments[] = {regs[REG_RDI], regs[REG_RSI], regs[REG_RDX],
                               regs[REG_R10], regs[REG_R8],  regs[REG_R9]};
  ++counted;
  regs[REG_RAX] = lambent_bench_call(regs[REG_RAX], arguments);
}

}  // namespace

absl::Status SystemCallCount::Begin() {
  KernelSigaction action{&Make, SA_SIGINFO | SA_NODEFER | kRestorer, &lambent_bench_return, 0};
  if (syscall(SYS_rt_sigaction, SIGSYS, &action, &before, sizeof(action.mask)) != 0) {
    return absl::ErrnoToStatus(errno, "count system calls: set SIGSYS's handler");
  }
  const auto begin = reinterpret_cast<uintptr_t>(&lambent_bench_call);
  const auto end = reinterpret_cast<uintptr_t>(&lambent_bench_calls_end[0]);
  counted = 0;
  if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, begin, end - begin, &selector) != 0) {
    return absl::ErrnoToStatus(errno, "count system calls: dispatch them to this process");
  }
  selector = 1;  // SYSCALL_DISPATCH_FILTER_BLOCK
  return absl::OkStatus();
}

void SystemCallCount::End() {
  selector = 0;
  prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
  syscall(SYS_rt_sigaction, SIGSYS, &before, nullptr, sizeof(before.mask));
}

uint64_t SystemCallCount::count() { return counted; }

}  // namespace lambent::bench
#else
namespace lambent::bench {

absl::Status SystemCallCount::Begin() {
  return absl::UnimplementedError("count system calls: x86-64 only");
}
void SystemCallCount::End() {}
uint64_t SystemCallCount::count() { return 0; }

}  // namespace lambent::bench
#endif
