// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A stack used up to its last page, a handler for the fault on another stack, and again.
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>

#include "target.h"

static sigjmp_buf place;
static volatile bool go_on = true;

NAMED void CaseOverflow(int depth) {
  char frame[512];
  __asm__ volatile("" ::"r"(frame) : "memory");
  Work(1);
  if (go_on) CaseOverflow(depth + 1);
  __asm__ volatile("" ::"r"(frame) : "memory");
}
NAMED void CaseOverflowHandler(int) {
  Work(2000);
  siglongjmp(place, 1);
}
NAMED void CaseOverflowRound() {
  if (sigsetjmp(place, 1) == 0) CaseOverflow(0);
  STAY;
}

int main() {
  static char bytes[64 * 1024];
  const rlimit limit{256 * 1024, 256 * 1024};
  setrlimit(RLIMIT_STACK, &limit);
  stack_t stack{};
  stack.ss_sp = bytes;
  stack.ss_size = sizeof(bytes);
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = &CaseOverflowHandler;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGSEGV, &action, nullptr);
  Ready();
  for (;;) CaseOverflowRound();
}
