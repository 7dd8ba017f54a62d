// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A program whose stacks are known, built without frame pointers: what the ladder's tests look at.
//   native_target spin|sleep|read|deep|churn|rivals|exec PROGRAM|threads N
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#if defined(__clang__)
#define NAMED extern "C" __attribute__((noinline, used))
#else
#define NAMED extern "C" __attribute__((noinline, noclone, used))
#endif
// Keeps the call before it from becoming a jump, and the frame in being.
#define STAY __asm__ volatile("" ::: "memory")

std::atomic<unsigned long> work{0};

void Ready() {
  std::puts("ready");
  std::fflush(stdout);
}

NAMED void TargetSpinLeaf() {
  for (;;) work.fetch_add(1, std::memory_order_relaxed);
}
NAMED void TargetSleepLeaf() {
  const timespec length{3600, 0};
  nanosleep(&length, nullptr);
  STAY;
}
NAMED void TargetReadLeaf() {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  char byte = 0;
  if (read(ends[0], &byte, 1) != 0) STAY;
  STAY;
}
NAMED void TargetMiddle(void (*leaf)()) {
  char frame[512];
  __asm__ volatile("" ::"r"(frame) : "memory");
  leaf();
  STAY;
}
NAMED void TargetOuter(void (*leaf)()) {
  TargetMiddle(leaf);
  STAY;
}
// 2,000 frames: deeper than what is kept.
NAMED void TargetRecurse(int depth) {
  if (depth == 0) {
    TargetOuter(&TargetSpinLeaf);
  } else {
    TargetRecurse(depth - 1);
  }
  STAY;
}
NAMED void TargetChurn() {
  for (;;) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int n = 0; n < 20000; ++n) work.fetch_add(1, std::memory_order_relaxed);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "";
  if (std::strcmp(mode, "exec") == 0) {
    execl(argv[2], argv[2], "spin", nullptr);
    return 1;
  }
  if (std::strcmp(mode, "threads") == 0) {
    std::vector<std::thread> threads;
    for (int i = 0; i < std::atoi(argv[2]); ++i) {
      threads.emplace_back([] {
        pthread_setname_np(pthread_self(), "sleeper");
        TargetOuter(&TargetSleepLeaf);
      });
    }
    Ready();
    TargetOuter(&TargetSleepLeaf);
  }
  if (std::strcmp(mode, "rivals") == 0) {  // two that want the same CPU all the time
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0) return 1;
    std::thread([] { TargetOuter(&TargetSpinLeaf); }).detach();
    Ready();
    TargetOuter(&TargetSpinLeaf);
  }
  Ready();
  if (std::strcmp(mode, "spin") == 0) TargetOuter(&TargetSpinLeaf);
  if (std::strcmp(mode, "sleep") == 0) TargetOuter(&TargetSleepLeaf);
  if (std::strcmp(mode, "read") == 0) TargetOuter(&TargetReadLeaf);
  if (std::strcmp(mode, "deep") == 0) TargetRecurse(2000);
  if (std::strcmp(mode, "churn") == 0) TargetChurn();
  STAY;
  return 0;
}
