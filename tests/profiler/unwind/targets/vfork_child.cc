// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A child that runs on its parent's stack.
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

NAMED void CaseForker() {
  const pid_t child = vfork();
  if (child == 0) {
    Work(200);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Work(20000);
  STAY;
}

int main() {
  Ready();
  for (;;) CaseForker();
}
