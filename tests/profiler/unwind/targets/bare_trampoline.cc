// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A signal handler that returns to code without unwind rules, as musl's do.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target.h"

#if defined(__x86_64__)
__asm__(
    ".text\n"
    "nop\n"
    ".globl BareRestorer\n.type BareRestorer,@function\n"
    "BareRestorer:\n"
    "mov $15, %rax\n"
    "syscall\n"
    ".size BareRestorer, . - BareRestorer\n");
extern "C" void BareRestorer();

// What the kernel takes: struct sigaction of arch/x86/include/uapi/asm/signal.h.
struct KernelAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  unsigned long mask;
};
constexpr unsigned long kHasRestorer = 0x04000000;
#endif

NAMED void CaseBareLeaf() { Work(4000); }  // longer than the kernel takes to deliver the signal
NAMED void CaseBareHandler(int) {
  CaseBareLeaf();
  STAY;
}
NAMED void CaseBareInterrupted() {
  Work(2000);
  kill(getpid(), SIGUSR1);
  Work(2000);
  STAY;
}

int main() {
#if defined(__x86_64__)
  const KernelAction action{&CaseBareHandler, kHasRestorer, &BareRestorer, 0};
  syscall(SYS_rt_sigaction, SIGUSR1, &action, nullptr, sizeof(action.mask));
#else
  signal(SIGUSR1, &CaseBareHandler);  // the kernel's own trampoline
#endif
  Ready();
  for (;;) CaseBareInterrupted();
}
