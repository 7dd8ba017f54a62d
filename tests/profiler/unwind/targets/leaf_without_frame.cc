// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Leaves that push nothing and keep what they need below the stack pointer.
#include "target.h"

NAMED unsigned long CaseFramelessLeaf(const unsigned long* values, unsigned count) {
  unsigned long sums[8];
  for (unsigned i = 0; i < 8; ++i) sums[i] = values[i] ^ count;
  __asm__ volatile("" : "+m"(sums));
  for (unsigned i = 0; i < count; ++i) sums[i % 8] += values[i % 16] * i;
  return sums[0] ^ sums[3] ^ sums[7];
}
NAMED unsigned long CaseFramelessCaller(unsigned count) {
  unsigned long values[16];
  for (unsigned i = 0; i < 16; ++i) values[i] = i * count;
  const unsigned long sum = CaseFramelessLeaf(values, count);
  STAY;
  return sum;
}

int main() {
  Ready();
  for (;;) work.fetch_add(CaseFramelessCaller(60));
}
