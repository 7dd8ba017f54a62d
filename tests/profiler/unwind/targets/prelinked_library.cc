// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Work in a library that was linked for an address of its own.
#include "target.h"

extern "C" void CasePrelinkedOuter(int rounds);

int main() {
  Ready();
  for (;;) CasePrelinkedOuter(100);
}
