// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Calls by way of the procedure linkage table, bound late: the pc is often in a stub.
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "target.h"

NAMED unsigned long CaseStubCaller(const char* text) {
  unsigned long sum = 0;
  for (int i = 0; i < 10; ++i) {
    sum += std::strlen(text + i);
    sum += static_cast<unsigned long>(std::labs(-i));
    sum += std::strchr(text, 'z') != nullptr;
    STAY;
  }
  return sum;
}

int main() {
  Ready();
  for (;;) work.fetch_add(CaseStubCaller("a text of some length to look through"));
}
