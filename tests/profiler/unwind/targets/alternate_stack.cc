// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A signal handler on a stack of its own: the callers go on elsewhere.
#include <signal.h>
#include <unistd.h>

#include "target.h"

NAMED void CaseHandlerLeaf() { Work(4000); }  // longer than the kernel takes to deliver the signal
NAMED void CaseHandler(int) {
  CaseHandlerLeaf();
  STAY;
}
NAMED void CaseInterrupted() {
  Work(2000);
  kill(getpid(), SIGUSR1);
  Work(2000);
  STAY;
}

int main() {
  static char bytes[64 * 1024];
  stack_t stack{};
  stack.ss_sp = bytes;
  stack.ss_size = sizeof(bytes);
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = &CaseHandler;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR1, &action, nullptr);
  Ready();
  for (;;) CaseInterrupted();
}
