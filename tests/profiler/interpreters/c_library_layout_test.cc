// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// What we take the C library's structures to be that CPython's are made of, or lead to: they differ
// between machines, and here they are those of the machine this runs on.
#include <pthread.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "profiler/interpreters/cpython/global_lock.h"
#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/interpreters/cpython/thread_states.h"
#include "tests/fakes/fake_remote_memory.h"

namespace lambent::cpython {
namespace {

// struct _gil_runtime_state, 3.9 to 3.14, pycore_gil.h.
struct GilState {
  unsigned long interval;
  uintptr_t last_holder;
  int locked;
  unsigned long switch_number;
  pthread_cond_t cond;
  pthread_mutex_t mutex;
  pthread_cond_t switch_cond;
  pthread_mutex_t switch_mutex;
};
// struct _gilstate_runtime_state, up to 3.11, which follows it in _PyRuntimeState.
struct Runtime {
  GilState gil;
  int check_enabled;
  uintptr_t current_thread;
};

TEST(CLibraryLayoutTest, GlobalLockIsMadeOfThisMachinesLocks) {
  EXPECT_EQ(kGilBytes, sizeof(GilState));
  EXPECT_EQ(kGilHolderOffset, offsetof(GilState, last_holder));
  EXPECT_EQ(kGilLockedOffset, offsetof(GilState, locked));
}

TEST(CLibraryLayoutTest, CurrentThreadLiesBehindTheGlobalLock) {
  for (const int minor : {9, 10, 11}) {
    const Offsets offsets = *OffsetsOfMinor(minor);
    EXPECT_EQ(offsets.runtime_current_thread,
              offsets.runtime_gil + offsetof(Runtime, current_thread))
        << minor;
  }
}

// Up to 3.10 a thread state tells its pthread_t only; that leads to the kernel's number.
TEST(CLibraryLayoutTest, DescriptorOfAThreadHoldsItsNumber) {
  constexpr uint64_t kRuntime = 0x1000;
  constexpr uint64_t kInterpreter = 0x2000;
  constexpr uint64_t kThread = 0x3000;
  constexpr size_t kDescriptorBytes = 0x600;  // of some 0x700, on either machine
  const Offsets offsets = *OffsetsOfMinor(10);
  fakes::FakeRemoteMemory memory;
  memory.MapZero(kRuntime, 0x800);
  memory.MapZero(kInterpreter, 0x800);
  memory.MapZero(kThread, 0x800);
  memory.Put(kRuntime + offsets.runtime_interpreters_head, kInterpreter);
  memory.Put(kInterpreter + offsets.interpreter_threads_head, kThread);
  int32_t tid = 0;
  std::thread([&] {
    tid = gettid();
    const auto descriptor = static_cast<uint64_t>(pthread_self());
    memory.Map(descriptor,
               std::string(reinterpret_cast<const char*>(descriptor), kDescriptorBytes));
    memory.Put(kThread + offsets.thread_id, descriptor);
  }).join();
  ThreadStates threads(memory, offsets, kRuntime, getpid());
  EXPECT_EQ(threads.Find(tid).address, kThread);
}

}  // namespace
}  // namespace lambent::cpython
