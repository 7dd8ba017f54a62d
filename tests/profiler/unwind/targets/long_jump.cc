// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Frames left by longjmp.
#include <setjmp.h>

#include "target.h"

static jmp_buf place;
static volatile bool go_on = true;

NAMED void CaseJumper(int depth) {
  Work(5);
  if (depth == 0) longjmp(place, 1);
  if (go_on) CaseJumper(depth - 1);
  STAY;
}
NAMED void CaseJumpTarget() {
  if (setjmp(place) == 0) CaseJumper(8);
  Work(20);
  STAY;
}

int main() {
  Ready();
  for (;;) CaseJumpTarget();
}
