// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Another C library, whose start, signal trampoline and system calls come with other rules or none.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAMED __attribute__((noinline, used))
#define STAY __asm__ volatile("" ::: "memory")

static volatile unsigned long work_done;

NAMED void CaseMuslLeaf(void) {
  for (int i = 0; i < 200; ++i) ++work_done;
}
NAMED void CaseMuslHandler(int number) {
  (void)number;
  CaseMuslLeaf();
  STAY;
}
NAMED int CaseMuslCompare(const void* a, const void* b) {
  return *(const int*)a - *(const int*)b;
}
NAMED void CaseMuslRound(unsigned seed) {
  int values[64];
  for (int i = 0; i < 64; ++i) values[i] = (int)(seed = seed * 1103515245 + 12345);
  qsort(values, 64, sizeof(int), &CaseMuslCompare);
  for (int i = 0; i < 100; ++i) CaseMuslLeaf();
  kill(getpid(), SIGUSR1);
  char text[200];
  work_done += (unsigned long)snprintf(text, sizeof(text), "%d %g", values[3], values[4] / 3.7);
  STAY;
}

int main(void) {
  signal(SIGUSR1, &CaseMuslHandler);
  puts("ready");
  fflush(stdout);
  for (unsigned seed = 1;; ++seed) CaseMuslRound(seed);
}
