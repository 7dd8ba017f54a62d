// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A thread's stack: its root is clone's. The main thread waits.
#include <pthread.h>

#include "target.h"

NAMED void CaseThreadLeaf() { Work(50); }
NAMED void* CaseThreadStart(void*) {
  Ready();
  for (;;) {
    CaseThreadLeaf();
    STAY;
  }
}

int main() {
  pthread_t thread;
  pthread_create(&thread, nullptr, &CaseThreadStart, nullptr);
  pthread_join(thread, nullptr);
}
