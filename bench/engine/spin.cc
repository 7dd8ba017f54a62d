// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A native program that computes for ever, built as functions are, for what profilers cost it:
// engine_spin FILE writes into FILE, a ring, when each unit of equal work ended and the CPU time it
// took (engine.py reads it). Stacks are some fifteen deep.
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#if defined(__clang__)
#define NAMED extern "C" __attribute__((noinline, used))
#else
#define NAMED extern "C" __attribute__((noinline, noclone, used))
#endif

namespace {

constexpr uint64_t kUnits = 1 << 16;

struct Unit {
  int64_t end_ns;  // CLOCK_MONOTONIC
  int64_t cpu_ns;
};

struct UnitLog {
  volatile uint64_t count;
  uint64_t unused;
  Unit units[kUnits];
};

int64_t Now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

uint64_t sink = 1;

}  // namespace

NAMED void SpinLeaf(int rounds) {
  uint64_t x = sink;
  for (int i = 0; i < rounds; ++i) x = x * 6364136223846793005u + 1442695040888963407u;
  sink = x;
}

NAMED void SpinBranch(int depth) {
  if (depth > 0) {
    SpinBranch(depth - 1);
    SpinLeaf(1'000);
  } else {
    SpinLeaf(10'000);
  }
  __asm__ volatile("" ::: "memory");
}

int main(int argc, char** argv) {
  const int file = argc > 1 ? open(argv[1], O_RDWR | O_CREAT, 0600) : -1;
  if (file < 0 || ftruncate(file, sizeof(UnitLog)) != 0) return 2;
  void* const memory = mmap(nullptr, sizeof(UnitLog), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) return 2;
  auto* const log = static_cast<UnitLog*>(memory);
  for (;;) {
    const int64_t start_ns = Now(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < 800; ++i) SpinBranch(12);
    Unit& unit = log->units[log->count % kUnits];
    unit.cpu_ns = Now(CLOCK_THREAD_CPUTIME_ID) - start_ns;
    unit.end_ns = Now(CLOCK_MONOTONIC);
    log->count = log->count + 1;
  }
}
