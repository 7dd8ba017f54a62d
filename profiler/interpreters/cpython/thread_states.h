// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"

#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/os/remote_memory.h"

namespace lambent::cpython {

// Interpreters and thread states followed at most, so that a list torn by its owner ends.
inline constexpr int kMaxInterpreters = 64;
inline constexpr int kMaxThreads = 4096;

// A PyThreadState, and what it must still hold to be the one that was found.
struct ThreadStateRef {
  uint64_t address = 0;
  uint64_t pthread = 0;  // its thread's thread_id
  int interpreter = 0;   // its place in the list, newest first
  int64_t number = 0;    // its interpreter's, as Python counts them; 0: the main one
  // Where its thread's C stack lies, if the state does not tell whose it is: it is run by the
  // thread while it points in there. 0: it tells.
  uint64_t stack_start = 0;
  uint64_t stack_end = 0;
};

// A word in the process and what it was: another value says that the lists were changed.
struct WatchedWord {
  uint64_t address = 0;
  uint64_t value = 0;
};

// Which PyThreadState belongs to which kernel thread, by walking the interpreters' lists. From 3.11
// a thread state says its kernel id. Before, it only has the pthread_t: the address of glibc's
// struct pthread, in which the kernel id lies at a known place (taken only when it is the id asked
// for); the oldest thread state is the main thread's.
//
// A thread that runs a subinterpreter has a thread state in each; that of the newest has the frames
// nearest the leaf. Before 3.13 a subinterpreter's thread state tells the thread that made it,
// whichever runs it. From 3.10 it points into the C stack of the one that runs it, which decides;
// in 3.9 only the main interpreter's are taken. Confined to the sampler thread.
class ThreadStates {
 public:
  // `runtime`: address of _PyRuntime. `main_stack_end`: upper end of the main thread's stack, 0:
  // not known. `memory` must outlive this.
  ThreadStates(os::RemoteMemory& memory, const Offsets& offsets, uint64_t runtime, int32_t main_tid,
               uint64_t main_stack_end = 0);

  // The thread state of `tid`; address 0: it has none, or its lists could not be read. Walks the
  // lists again when the answer is not known and a thread was added since. `nth`: another one of
  // the same thread, in another interpreter; address 0: there is none.
  ThreadStateRef Find(int32_t tid, size_t nth = 0);

  // What tells that a thread which was found may have another thread state by now: the newest
  // interpreter, and of each subinterpreter the newest thread state and whose that is.
  absl::Span<const WatchedWord> watched() const { return watched_; }

  // Forgets what is known: for a thread state that turned out to be another thread's.
  void Forget();

  // Whether a first interpreter with a first thread exists: it does not before the runtime
  // initialises.
  bool Initialised();

 private:
  struct Heads {
    uint64_t interpreter = 0;
    uint64_t thread = 0;
    friend bool operator==(const Heads&, const Heads&) = default;
  };
  bool ReadHeads(Heads* heads);
  void Walk(const Heads& heads);
  void Watch(uint64_t address, uint64_t value);
  int64_t ReadNumber(uint64_t interpreter);
  void AddThread(const char* bytes, uint64_t address, int interpreter, int64_t number);
  int32_t TidOf(const char* bytes, uint64_t pthread);
  void AddTold(int32_t tid, const ThreadStateRef& state);
  void Share();

  os::RemoteMemory& memory_;
  const Offsets offsets_;
  const uint64_t runtime_;
  const int32_t main_tid_;
  const uint64_t main_stack_end_;
  Heads walked_;
  bool complete_ = false;  // the last walk saw every thread state, each with its kernel id
  absl::flat_hash_map<int32_t, absl::InlinedVector<ThreadStateRef, 1>> states_;
  // Of the last walk: states that any thread may run, and what threads' thread_ids are.
  absl::InlinedVector<ThreadStateRef, 1> shared_;
  absl::InlinedVector<WatchedWord, 1> watched_;
  absl::flat_hash_map<int32_t, uint64_t> pthreads_;
};

}  // namespace lambent::cpython
