// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A function whose rules are legal, and larger than our own reading takes.
#include "large_rules.h"

NAMED void CaseLargeLeaf() {
  RequireCallers(3);  // CaseLargeRules, CaseLargeOuter, main
  Ready();
  for (;;) Work(1000);
}
NAMED void CaseLargeOuter() {
  CaseLargeRules(&CaseLargeLeaf);
  STAY;
}

int main() { CaseLargeOuter(); }
