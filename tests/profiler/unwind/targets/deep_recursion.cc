// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Three hundred frames, then 3,000: deeper than what is kept.
#include "target.h"

NAMED void CaseRecursion(int depth) {
  Work(1);
  if (depth > 0) CaseRecursion(depth - 1);
  STAY;
}

int main() {
  Ready();
  for (;;) {
    for (int i = 0; i < 20; ++i) CaseRecursion(300);
    CaseRecursion(3000);
  }
}
