// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A native program whose time is known to go three quarters to RecordHot and one to RecordCold.
//   record_target spin SECONDS       computes
//   record_target threads SECONDS    the same in two threads, "alpha" and "beta"
//   record_target stubborn SECONDS   the same, without an ear for SIGINT
//   record_target exec SECONDS       computes in RecordBefore for a while, then starts itself anew
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#if defined(__clang__)
#define NAMED extern "C" __attribute__((noinline, used))
#else
#define NAMED extern "C" __attribute__((noinline, noclone, used))
#endif
// Keeps the call before it from becoming a jump.
#define STAY __asm__ volatile("" ::: "memory")

std::atomic<unsigned long> work{0};

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}
double WallSeconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

NAMED void RecordBurn(double cpu_seconds) {
  const double end = CpuSeconds() + cpu_seconds;
  while (CpuSeconds() < end) {
    for (int i = 0; i < 20000; ++i) work.fetch_add(1, std::memory_order_relaxed);
  }
  STAY;
}
NAMED void RecordHot() {
  RecordBurn(0.003);
  STAY;
}
NAMED void RecordCold() {
  RecordBurn(0.001);
  STAY;
}
NAMED void RecordBefore() {
  RecordBurn(0.4);
  STAY;
}
NAMED void RecordSpin(double seconds) {
  const double end = WallSeconds() + seconds;
  while (WallSeconds() < end) {
    RecordHot();
    RecordCold();
  }
  STAY;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const char* mode = argv[1];
  const double seconds = std::atof(argv[2]);
  if (std::strcmp(mode, "stubborn") == 0) signal(SIGINT, SIG_IGN);
  if (std::strcmp(mode, "exec") == 0) {
    RecordBefore();
    execl(argv[0], argv[0], "spin", argv[2], nullptr);
    return 1;
  }
  std::puts("ready");
  std::fflush(stdout);
  if (std::strcmp(mode, "threads") == 0) {
    std::thread alpha([seconds] {
      pthread_setname_np(pthread_self(), "alpha");
      RecordSpin(seconds);
    });
    std::thread beta([seconds] {
      pthread_setname_np(pthread_self(), "beta");
      RecordSpin(seconds);
    });
    alpha.join();
    beta.join();
  } else {
    RecordSpin(seconds);
  }
  STAY;
  return 0;
}
