// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Frames on a boundary of their own, with arguments reached from where the stack was before: rules
// of the form *(reg + N).
#include <alloca.h>

#include "target.h"

struct Large {
  long values[9];
};

NAMED void CaseRealignedLeaf(void* at, long value) {
  *static_cast<volatile long*>(at) = value;
  Work(20);
  STAY;
}
NAMED long CaseRealignedFrame(unsigned size, Large by_value) {
  alignas(128) long aligned[16];
  void* room = alloca(size);
  CaseRealignedLeaf(aligned, by_value.values[3]);
  CaseRealignedLeaf(room, by_value.values[8]);
  STAY;
  return aligned[0];
}
NAMED long CaseRealignedOuter(unsigned size) {
  alignas(64) long aligned[8];
  CaseRealignedLeaf(aligned, size);
  const long sum =
      CaseRealignedFrame(size, Large{{1, 2, 3, static_cast<long>(size), 5, 6, 7, 8, 9}});
  STAY;
  return sum + aligned[0];
}

int main() {
  Ready();
  for (unsigned size = 8;; size = size * 5 % 1999 + 8) {
    work.fetch_add(static_cast<unsigned long>(CaseRealignedOuter(size)));
  }
}
