// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdio>

// What the programs beside this header share. Each holds one difficulty of unwinding, prints
// "ready" and goes on for ever; oracle_test looks at it from outside. Built with -O2
// -fomit-frame-pointer.

#if defined(__clang__)
#define NAMED extern "C" __attribute__((noinline, used))
#else
#define NAMED extern "C" __attribute__((noinline, noclone, used))
#endif
// Keeps the call before it from becoming a jump, and the frame in being.
#define STAY __asm__ volatile("" ::: "memory")

inline std::atomic<unsigned long> work{0};

inline void Work(int rounds) {
  for (int i = 0; i < rounds; ++i) work.fetch_add(1, std::memory_order_relaxed);
}

inline void Ready() {
  std::puts("ready");
  std::fflush(stdout);
}
