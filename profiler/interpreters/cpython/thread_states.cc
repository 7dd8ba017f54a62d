// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/thread_states.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <vector>

namespace lambent::cpython {
namespace {

// Offset of `tid` in glibc's struct pthread: after its header (704 bytes on x86-64, 192 where the
// thread pointer is at the struct's end) and a list node. Unchanged from 2.17 to 2.40.
#if defined(__x86_64__)
constexpr uint64_t kPthreadTid = 0x2d0;
#else
constexpr uint64_t kPthreadTid = 0xd0;
#endif

// Thread states that any thread may run, of which each is looked at for each thread.
constexpr size_t kMaxShared = 8;
constexpr size_t kMaxWatched = 9;
// A thread's C stack ends at its struct pthread, and is not larger, as a rule: 8 MiB is the limit
// that systems set. What is deeper is not told. The kernel maps nothing near the main thread's.
constexpr uint64_t kStackBytes = 8 << 20;
constexpr uint64_t kMainStackBytes = 128 << 20;

uint64_t WordAt(const char* bytes, size_t offset) {
  uint64_t word = 0;
  std::memcpy(&word, bytes + offset, sizeof(word));
  return word;
}

}  // namespace

ThreadStates::ThreadStates(os::RemoteMemory& memory, const Offsets& offsets, uint64_t runtime,
                           int32_t main_tid, uint64_t main_stack_end)
    : memory_(memory),
      offsets_(offsets),
      runtime_(runtime),
      main_tid_(main_tid),
      main_stack_end_(main_stack_end) {}

bool ThreadStates::ReadHeads(Heads* heads) {
  return ReadRemote(memory_, runtime_ + offsets_.runtime_interpreters_head, &heads->interpreter) &&
         heads->interpreter != 0 &&
         ReadRemote(memory_, heads->interpreter + offsets_.interpreter_threads_head,
                    &heads->thread);
}

bool ThreadStates::Initialised() {
  Heads heads;
  return ReadHeads(&heads) && heads.thread != 0;
}

void ThreadStates::Forget() {
  complete_ = false;
  states_.clear();
}

ThreadStateRef ThreadStates::Find(int32_t tid, size_t nth) {
  if (const auto known = states_.find(tid); known != states_.end()) {
    return nth < known->second.size() ? known->second[nth] : ThreadStateRef{};
  }
  Heads heads;
  if (!ReadHeads(&heads)) return {};
  // New thread states are put at the head of the list: nothing new, nothing to walk for.
  if (complete_ && heads == walked_) return {};
  Walk(heads);
  const auto found = states_.find(tid);
  return found == states_.end() || nth >= found->second.size() ? ThreadStateRef{}
                                                               : found->second[nth];
}

void ThreadStates::Walk(const Heads& heads) {
  states_.clear();
  shared_.clear();
  pthreads_.clear();
  watched_ = {{runtime_ + offsets_.runtime_interpreters_head, heads.interpreter}};
  walked_ = heads;
  complete_ = true;
  ThreadStateRef oldest;
  uint64_t interpreter = heads.interpreter;
  int threads = 0;
  for (int i = 0; i < kMaxInterpreters && interpreter != 0; ++i) {
    if (i > 0) complete_ = false;  // the heads we compare do not tell of every interpreter
    const int64_t number = ReadNumber(interpreter);
    uint64_t thread = 0;
    if (!ReadRemote(memory_, interpreter + offsets_.interpreter_threads_head, &thread)) break;
    const uint64_t newest = thread;
    if (number != 0) Watch(interpreter + offsets_.interpreter_threads_head, newest);
    while (thread != 0 && threads++ < kMaxThreads) {
      char bytes[kThreadBytes];
      // Only as far as needed: a thread state may end before kThreadBytes, at the end of a page.
      const size_t wanted = std::max(
          {offsets_.thread_next + 8u, offsets_.thread_id + 8u,
           offsets_.thread_native_id == Offsets::kAbsent ? 0u : offsets_.thread_native_id + 8u});
      if (memory_.Read(thread, bytes, wanted) != wanted) {
        complete_ = false;
        break;
      }
      // One that was freed may lie there again, as another thread's.
      if (number != 0 && thread == newest && offsets_.thread_native_id != Offsets::kAbsent) {
        Watch(thread + offsets_.thread_native_id, WordAt(bytes, offsets_.thread_native_id));
      }
      AddThread(bytes, thread, i, number);
      oldest = {.address = thread, .pthread = WordAt(bytes, offsets_.thread_id)};
      thread = WordAt(bytes, offsets_.thread_next);
    }
    if (!ReadRemote(memory_, interpreter + offsets_.interpreter_next, &interpreter)) break;
  }
  // musl has another struct pthread: at least the main thread is known.
  if (states_.empty() && offsets_.thread_native_id == Offsets::kAbsent && oldest.address != 0) {
    states_[main_tid_] = {oldest};
  }
  if (!shared_.empty()) Share();
}

void ThreadStates::Watch(uint64_t address, uint64_t value) {
  if (watched_.size() < kMaxWatched) watched_.push_back({address, value});
}

int64_t ThreadStates::ReadNumber(uint64_t interpreter) {
  int64_t number = 0;
  const bool known = ReadRemote(memory_, interpreter + offsets_.interpreter_id, &number);
  return known ? std::max<int64_t>(0, number) : 0;
}

// Has each thread look at the states that any may run, before its own.
void ThreadStates::Share() {
  std::vector<uint64_t> pthreads;
  for (const auto& [tid, pthread] : pthreads_) pthreads.push_back(pthread);
  std::sort(pthreads.begin(), pthreads.end());
  for (const auto& [tid, pthread] : pthreads_) {
    uint64_t start = main_stack_end_ - std::min(main_stack_end_, kMainStackBytes);
    uint64_t end = main_stack_end_;
    if (tid != main_tid_) {
      const auto at = std::lower_bound(pthreads.begin(), pthreads.end(), pthread);
      start = pthread - std::min(pthread, kStackBytes);
      if (at != pthreads.begin()) start = std::max(start, *std::prev(at));
      end = pthread;
    }
    if (end == 0) continue;
    auto& states = states_[tid];
    for (size_t i = 0; i < shared_.size(); ++i) {
      ThreadStateRef state = shared_[i];
      state.pthread = pthread;
      state.stack_start = start;
      state.stack_end = end;
      states.insert(states.begin() + static_cast<std::ptrdiff_t>(i), state);
    }
  }
}

// A thread state that tells its kernel thread.
void ThreadStates::AddTold(int32_t tid, const ThreadStateRef& state) {
  auto& states = states_[tid];
  if (offsets_.thread_native_id == Offsets::kAbsent) {
    // A thread state that is being started has its creator's pthread until its thread runs: the
    // older one (later in the list) is the creator's own.
    if (!states.empty()) complete_ = false;
    states = {state};
    return;
  }
  const bool may_lie = offsets_.cframe_current_frame != Offsets::kAbsent;  // 3.11, 3.12
  if (states.empty() || (may_lie && states[0].interpreter != state.interpreter)) {
    states = {state};
  } else if (!may_lie) {
    states.push_back(state);
  }
}

// The kernel thread that the thread state says it is of; 0: it can not be told.
int32_t ThreadStates::TidOf(const char* bytes, uint64_t pthread) {
  if (offsets_.thread_native_id != Offsets::kAbsent) {
    const uint64_t tid = WordAt(bytes, offsets_.thread_native_id);
    return tid > INT32_MAX ? 0 : static_cast<int32_t>(tid);
  }
  int32_t tid = 0;
  const bool read = pthread % 8 == 0 && ReadRemote(memory_, pthread + kPthreadTid, &tid);
  return read ? std::max(tid, 0) : 0;
}

void ThreadStates::AddThread(const char* bytes, uint64_t address, int interpreter, int64_t number) {
  const ThreadStateRef state{.address = address,
                             .pthread = WordAt(bytes, offsets_.thread_id),
                             .interpreter = interpreter,
                             .number = number};
  const int32_t tid = TidOf(bytes, state.pthread);
  if (tid == 0) {
    complete_ = false;  // it is being started: the thread will fill it in
    if (number == 0) return;
  } else {
    pthreads_[tid] = state.pthread;
  }
  if (number != 0 && offsets_.thread_stack != Offsets::kAbsent) {
    if (shared_.size() < kMaxShared) shared_.push_back(state);
  } else if (tid != 0) {
    AddTold(tid, state);
  }
}

}  // namespace lambent::cpython
