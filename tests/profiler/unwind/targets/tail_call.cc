// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Calls that are jumps: the function between is not on the stack.
#include "target.h"

NAMED void CaseTailLeaf(int rounds) { Work(rounds); }
NAMED void CaseTailMiddle(int rounds) { CaseTailLeaf(rounds + 1); }
NAMED void CaseTailOuter(int rounds) {
  CaseTailMiddle(rounds);
  STAY;
}

int main() {
  Ready();
  for (;;) CaseTailOuter(50);
}
