// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Stacks while an exception goes through them: the runtime's own unwinder, landing pads, clean-ups.
#include "target.h"

struct CaseCleaner {
  ~CaseCleaner() { Work(10); }
};

NAMED void CaseThrower(int depth) {
  const CaseCleaner cleaner;
  if (depth == 0) throw depth;
  CaseThrower(depth - 1);
  STAY;
}
NAMED void CaseCatcher() {
  try {
    CaseThrower(6);
  } catch (int value) {
    Work(20 + value);
  }
  STAY;
}

int main() {
  Ready();
  for (;;) CaseCatcher();
}
