// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Frames whose size is known at run time only.
#include <alloca.h>

#include <cstring>

#include "target.h"

NAMED void CaseAllocaLeaf(char* bytes, unsigned size) {
  std::memset(bytes, static_cast<int>(size), size);
  Work(20);
  STAY;
}
NAMED void CaseAllocaFrame(unsigned size) {
  auto* bytes = static_cast<char*>(alloca(size));
  CaseAllocaLeaf(bytes, size);
  auto* more = static_cast<char*>(alloca(size / 2 + 1));
  CaseAllocaLeaf(more, size / 2 + 1);
  STAY;
}

int main() {
  Ready();
  for (unsigned size = 1;; size = size * 5 % 3989 + 1) CaseAllocaFrame(size);
}
