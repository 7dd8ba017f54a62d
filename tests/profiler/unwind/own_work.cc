// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Compiled once for each table of own_work.h: LAMBENT_OWN_WORK names it.
#include "tests/profiler/unwind/own_work.h"

#include <alloca.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

// Of this file alone, and called in a file's symbols what they are called here.
extern "C" {

#if defined(__clang__)
#define NAMED __attribute__((noinline, used))
#else
#define NAMED __attribute__((noinline, noclone, noipa, used))
#endif
// Keeps the call before it from becoming a jump, and the frame in being.
#define STAY __asm__ volatile("" ::: "memory")

static volatile unsigned long sink;

NAMED static unsigned long OwnLeaf(const unsigned long* values, unsigned count) {
  unsigned long sum = count;
  for (unsigned i = 0; i < count; ++i) sum = (sum ^ values[i % 16]) * 31;
  return sum;
}
NAMED static unsigned long OwnLeafCaller(unsigned count) {
  unsigned long values[16];
  for (unsigned i = 0; i < 16; ++i) values[i] = i * count;
  const unsigned long sum = OwnLeaf(values, count);
  STAY;
  return sum;
}
NAMED static void OwnLeafRoot() {
  for (unsigned i = 0; i < 30; ++i) sink = OwnLeafCaller(40 + i);
}

struct Large {
  long values[9];
};
NAMED static void OwnRealignedLeaf(void* at, long value) {
  auto* const to = static_cast<volatile long*>(at);
  for (int i = 0; i < 40; ++i) *to = value + i;
}
NAMED static long OwnRealignedFrame(unsigned size, Large by_value) {
  alignas(128) long aligned[16];
  void* const room = alloca(size);
  OwnRealignedLeaf(aligned, by_value.values[3]);
  OwnRealignedLeaf(room, by_value.values[8]);
  STAY;
  return aligned[0];
}
NAMED static void OwnRealignedRoot() {
  for (unsigned size = 8; size < 3000; size += 100) {
    sink = static_cast<unsigned long>(
        OwnRealignedFrame(size, Large{{1, 2, 3, static_cast<long>(size), 5, 6, 7, 8, 9}}));
  }
}

NAMED static unsigned long OwnStubCaller(const char* text) {
  unsigned long sum = 0;
  for (int i = 0; i < 10; ++i) {
    sum += std::strlen(text + i);
    sum += static_cast<unsigned long>(std::labs(-i));
    sum += std::strchr(text, 'z') != nullptr;
    STAY;
  }
  return sum;
}
NAMED static void OwnStubRoot() {
  for (int i = 0; i < 40; ++i) sink = OwnStubCaller("a text of some length to look through");
}

NAMED static unsigned long OwnRecursionLeaf(unsigned long value) {
  for (int i = 0; i < 50000; ++i) value = value * 31 + 7;
  return value;
}
NAMED static unsigned long OwnRecursion(int left, unsigned long value) {
  const unsigned long result =
      left == 1 ? OwnRecursionLeaf(value) : OwnRecursion(left - 1, value + 1);
  STAY;
  return result ^ value;
}
NAMED static void OwnRecursionRoot() {
  sink = OwnRecursion(lambent::kOwnRecursions, sink);
  STAY;
}

static void* page;
constexpr size_t kPageBytes = 65536;  // the largest there are

NAMED static void OwnFaultWork() {
  for (int i = 0; i < 2000; ++i) sink = sink * 31 + 7;
}
NAMED static void OwnFaultHandler(int, siginfo_t*, void*) {
  OwnFaultWork();
  mprotect(page, kPageBytes, PROT_READ | PROT_WRITE);
}
NAMED static void OwnFaultLeaf(volatile long* at, long value) { *at = value; }
NAMED static void OwnFaultCaller(int i) {
  OwnFaultLeaf(static_cast<volatile long*>(page), i);
  STAY;
}
NAMED static void OwnFaultRoot() {
  if (page == nullptr) {
    page = mmap(nullptr, kPageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  struct sigaction action {};
  action.sa_sigaction = &OwnFaultHandler;
  action.sa_flags = SA_SIGINFO;
  struct sigaction before {};
  sigaction(SIGSEGV, &action, &before);
  for (int i = 0; i < 4; ++i) {
    mprotect(page, kPageBytes, PROT_NONE);
    OwnFaultCaller(i);
  }
  sigaction(SIGSEGV, &before, nullptr);
}

NAMED static unsigned long OwnTail(unsigned long value) {
  for (int i = 0; i < 1000; ++i) value = value * 31 + 7;
  return value;
}
NAMED static unsigned long JumpToOwnTail(unsigned long value) { return OwnTail(value + 1); }
NAMED static void OwnTailRoot() {
  for (int i = 0; i < 10; ++i) sink = JumpToOwnTail(sink);
}

}  // extern "C"

namespace lambent {

extern const OwnWork LAMBENT_OWN_WORK;
const OwnWork LAMBENT_OWN_WORK = {
    .leaf = &OwnLeafRoot,
    .realigned = &OwnRealignedRoot,
    .linkage = &OwnStubRoot,
    .recursion = &OwnRecursionRoot,
    .fault = &OwnFaultRoot,
    .tail_call = &OwnTailRoot,
};

}  // namespace lambent
