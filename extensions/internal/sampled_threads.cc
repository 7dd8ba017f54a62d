// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/internal/sampled_threads.h"

#include <asm/errno.h>
#include <linux/time.h>

#include "extensions/internal/kernel.h"
#include "extensions/internal/shared_memory.h"

namespace lambent::agent {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kShortestNs = 1'000'000;
constexpr uint64_t kLongestNs = 10 * kSecondNs;

constinit SampledThread threads[kAgentThreads] = {};
uint32_t used = 0;  // places ever taken are below

bool Take(SampledThread& thread, int32_t from, int32_t tid) {
  return __atomic_compare_exchange_n(&thread.tid, &from, tid, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED);
}

bool CreateTimer(AgentHeader* memory, uint32_t number, int32_t tid) {
  struct sigevent event = {};
  event.sigev_value.sival_ptr = reinterpret_cast<void*>(TimerValue(memory->cookie, number));
  event.sigev_signo = static_cast<int>(memory->signal);
  event.sigev_notify = SIGEV_THREAD_ID;
  event._sigev_un._tid = tid;
  const long failed = Call(__NR_timer_create, CLOCK_THREAD_CPUTIME_ID, Address(&event),
                           Address(&threads[number].timer));
  if (failed == 0) {
    Count(memory->counts.timers);
    return true;
  }
  __atomic_store_n(&memory->counts.refused_error, static_cast<uint64_t>(-failed), __ATOMIC_RELAXED);
  Count(memory->counts.refused);
  return false;
}

// A place for `tid`: its own of before, one never used, or that of a thread that has ended.
// `had_timer`: a timer is left there.
uint32_t TakePlace(int32_t pid, int32_t tid, bool* had_timer) {
  *had_timer = true;
  const uint32_t end = __atomic_load_n(&used, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < end; ++i) {
    if (__atomic_load_n(&threads[i].tid, __ATOMIC_RELAXED) == tid) return i;
  }
  for (uint32_t i = end; i < kAgentThreads; ++i) {
    if (!Take(threads[i], 0, tid)) continue;
    uint32_t before = __atomic_load_n(&used, __ATOMIC_RELAXED);
    while (before < i + 1 && !__atomic_compare_exchange_n(&used, &before, i + 1, false,
                                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
    *had_timer = false;
    return i;
  }
  for (uint32_t i = 0; i < kAgentThreads; ++i) {
    const int32_t other = __atomic_load_n(&threads[i].tid, __ATOMIC_RELAXED);
    if (other == 0 || Call(__NR_tgkill, pid, other, 0) == -ESRCH) {
      *had_timer = other != 0;
      if (Take(threads[i], other, tid)) return i;
    }
  }
  return kNoThread;
}

}  // namespace

SampledThread& ThreadOf(uint32_t number) { return threads[number]; }

uint32_t FindOrAddThread(AgentHeader* memory, int32_t pid, int32_t tid) {
  bool had_timer = false;
  const uint32_t number = TakePlace(pid, tid, &had_timer);
  if (number == kNoThread) {
    Count(memory->counts.too_many);
    return kNoThread;
  }
  SampledThread& thread = threads[number];
  // Made anew even for a thread that has one: it may be that of an older thread with this id.
  if (had_timer) Call(__NR_timer_delete, thread.timer);
  if (!CreateTimer(memory, number, tid)) {
    __atomic_store_n(&thread.tid, 0, __ATOMIC_RELEASE);
    return kNoThread;
  }
  thread.stack = {};
  thread.strange_stacks = 0;
  thread.silent = 0;
  thread.random = static_cast<uint32_t>(tid) * 2654435761u | 1;
  __atomic_store_n(&memory->thread_stack_bytes[number], 0, __ATOMIC_RELAXED);
  return number;
}

bool Arm(SampledThread& thread, uint64_t period_ns) {
  if (period_ns < kShortestNs) period_ns = kShortestNs;
  if (period_ns > kLongestNs) period_ns = kLongestNs;
  thread.random ^= thread.random << 13;  // xorshift32
  thread.random ^= thread.random >> 17;
  thread.random ^= thread.random << 5;
  const uint64_t delay_ns = period_ns / 2 + (period_ns * (thread.random & 0xffff) >> 16);
  const TimerSetting setting = {0, 0, static_cast<int64_t>(delay_ns / kSecondNs),
                                static_cast<int64_t>(delay_ns % kSecondNs)};
  return Call(__NR_timer_settime, thread.timer, 0, Address(&setting), 0) == 0;
}

}  // namespace lambent::agent
