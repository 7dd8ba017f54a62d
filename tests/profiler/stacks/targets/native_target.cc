// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A program whose stacks are known, built without frame pointers: what the ladder's tests look at.
//   native_target spin|sleep|read|deep|churn|rivals|memfd|exec PROGRAM|becomes PROGRAM|
//                 threads N|many N|queue N|rebirth N
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
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
NAMED void TargetShortLeaf() {
  for (int n = 0; n < 200'000; ++n) work.fetch_add(1, std::memory_order_relaxed);
}
NAMED void TargetShortSleep() {
  const timespec length{0, 30'000'000};
  nanosleep(&length, nullptr);
  STAY;
}
NAMED void* TargetShort(void*) {
  TargetShortLeaf();
  TargetShortSleep();
  TargetShortLeaf();
  STAY;
  return nullptr;
}
// `count` threads in all, at most 50 at a time, from SIGUSR1 on; then it sleeps.
NAMED void TargetMany(int count) {
  sigset_t start;
  sigemptyset(&start);
  sigaddset(&start, SIGUSR1);
  sigprocmask(SIG_BLOCK, &start, nullptr);
  Ready();
  int signal = 0;
  sigwait(&start, &signal);
  std::vector<pthread_t> alive;
  for (int i = 0; i < count; ++i) {
    if (alive.size() == 50) {
      pthread_join(alive.front(), nullptr);
      alive.erase(alive.begin());
    }
    alive.emplace_back();
    if (pthread_create(&alive.back(), nullptr, &TargetShort, nullptr) != 0) std::abort();
  }
  for (const pthread_t thread : alive) pthread_join(thread, nullptr);
  std::puts("done");
  std::fflush(stdout);
  TargetOuter(&TargetSleepLeaf);
  STAY;
}
// Becomes the same program out of a file that no path leads to.
void RunFromMemory(char* name) {
  const int from = open("/proc/self/exe", O_RDONLY);
  const int memory = memfd_create("target", 0);
  struct stat file {};
  if (fstat(from, &file) != 0) std::abort();
  for (off_t left = file.st_size; left > 0;) {
    const ssize_t sent = sendfile(memory, from, nullptr, static_cast<size_t>(left));
    if (sent <= 0) std::abort();
    left -= sent;
  }
  char mode[] = "spin";
  char* const arguments[] = {name, mode, nullptr};
  fexecve(memory, arguments, environ);
  std::abort();
}

const char* next_program = nullptr;

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
  if (std::strcmp(mode, "rebirth") == 0) {  // becomes itself, by a thread that is not the first
    Ready();
    static char name[] = "native_target", again[] = "rebirth", left[16];
    std::snprintf(left, sizeof(left), "%d", std::atoi(argv[2]) - 1);
    if (left[0] == '-') return 0;
    std::thread([] { execl("/proc/self/exe", name, again, left, nullptr); }).detach();
    TargetOuter(&TargetSpinLeaf);
  }
  if (std::strcmp(mode, "queue") == 0) {
    for (int i = 1; i < std::atoi(argv[2]); ++i) {
      std::thread([] { TargetOuter(&TargetSpinLeaf); }).detach();
    }
    Ready();
    TargetOuter(&TargetSpinLeaf);
  }
  if (std::strcmp(mode, "many") == 0) TargetMany(std::atoi(argv[2]));
  if (std::strcmp(mode, "becomes") == 0) {  // at SIGUSR1 another program; at SIGUSR2 it exits
    next_program = argv[2];
    signal(SIGUSR1, [](int) { execl(next_program, next_program, "spin", nullptr); });
    signal(SIGUSR2, [](int) { _exit(0); });
    Ready();
    TargetOuter(&TargetSpinLeaf);
  }
  if (std::strcmp(mode, "memfd") == 0) RunFromMemory(argv[0]);
  Ready();
  if (std::strcmp(mode, "spin") == 0) TargetOuter(&TargetSpinLeaf);
  if (std::strcmp(mode, "sleep") == 0) TargetOuter(&TargetSleepLeaf);
  if (std::strcmp(mode, "read") == 0) TargetOuter(&TargetReadLeaf);
  if (std::strcmp(mode, "deep") == 0) TargetRecurse(2000);
  if (std::strcmp(mode, "churn") == 0) TargetChurn();
  STAY;
  return 0;
}
