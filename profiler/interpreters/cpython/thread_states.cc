// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/thread_states.h"

#include <algorithm>
#include <cstring>

namespace lambent::cpython {
namespace {

// Offset of `tid` in glibc's struct pthread: after its header (704 bytes on x86-64, 192 where the
// thread pointer is at the struct's end) and a list node. Unchanged from 2.17 to 2.40.
#if defined(__x86_64__)
constexpr uint64_t kPthreadTid = 0x2d0;
#else
constexpr uint64_t kPthreadTid = 0xd0;
#endif

uint64_t WordAt(const char* bytes, size_t offset) {
  uint64_t word = 0;
  std::memcpy(&word, bytes + offset, sizeof(word));
  return word;
}

}  // namespace

ThreadStates::ThreadStates(os::RemoteMemory& memory, const Offsets& offsets, uint64_t runtime,
                           int32_t main_tid)
    : memory_(memory), offsets_(offsets), runtime_(runtime), main_tid_(main_tid) {}

bool ThreadStates::ReadHeads(Heads* heads) {
  return ReadRemote(memory_, runtime_ + offsets_.runtime_interpreters_head, &heads->interpreter) &&
         heads->interpreter != 0 &&
         ReadRemote(memory_, heads->interpreter + offsets_.interpreter_threads_head,
                    &heads->thread) &&
         heads->thread != 0;
}

bool ThreadStates::Initialised() {
  Heads heads;
  return ReadHeads(&heads);
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
      AddThread(bytes, thread, i, number);
      oldest = {thread, WordAt(bytes, offsets_.thread_id)};
      thread = WordAt(bytes, offsets_.thread_next);
    }
    if (!ReadRemote(memory_, interpreter + offsets_.interpreter_next, &interpreter)) break;
  }
  // musl has another struct pthread: at least the main thread is known.
  if (states_.empty() && offsets_.thread_native_id == Offsets::kAbsent && oldest.address != 0) {
    states_[main_tid_] = {oldest};
  }
}

int64_t ThreadStates::ReadNumber(uint64_t interpreter) {
  int64_t number = 0;
  const bool known = offsets_.interpreter_id != Offsets::kAbsent &&
                     ReadRemote(memory_, interpreter + offsets_.interpreter_id, &number);
  return known ? std::max<int64_t>(0, number) : 0;
}

// A thread state that tells its kernel thread.
void ThreadStates::AddTold(int32_t tid, const ThreadStateRef& state) {
  auto& states = states_[tid];
  const bool may_lie = offsets_.cframe_current_frame != Offsets::kAbsent;  // 3.11, 3.12
  if (states.empty() || (may_lie && states[0].interpreter != state.interpreter)) {
    states = {state};
  } else if (!may_lie) {
    states.push_back(state);
  }
}

void ThreadStates::AddThread(const char* bytes, uint64_t address, int interpreter, int64_t number) {
  const ThreadStateRef state{address, WordAt(bytes, offsets_.thread_id), interpreter, number};
  if (offsets_.thread_native_id != Offsets::kAbsent) {
    const uint64_t tid = WordAt(bytes, offsets_.thread_native_id);
    if (tid == 0 || tid > INT32_MAX) {
      complete_ = false;  // it is being started: the thread will fill it in
    } else {
      AddTold(static_cast<int32_t>(tid), state);
    }
    return;
  }
  int32_t tid = 0;
  if (state.pthread % 8 == 0 && ReadRemote(memory_, state.pthread + kPthreadTid, &tid) && tid > 0) {
    // A thread state that is being started has its creator's pthread until its thread runs: the
    // older one (later in the list) is the creator's own.
    const auto [known, added] = states_.try_emplace(tid);
    known->second = {state};
    if (!added) complete_ = false;
  } else {
    complete_ = false;
  }
}

}  // namespace lambent::cpython
