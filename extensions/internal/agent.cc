// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The agent inside the profiled process. When it is loaded it creates the memory it shares with the
// profiler (profiler/base/agent_memory.h), installs one signal handler and does nothing more, ever,
// unless asked: no thread of its own, no timer, no exported or imported symbol.
//
// How threads are found. The profiler lists them anyway. When it meets one on a CPU that it has no
// snapshots of, it sends that thread a signal (AgentRequest); its handler creates a CPU-time timer
// for its own thread. So a thread that never runs costs nothing, and one that starts later is found
// by its first tick. The alternatives: wrapping pthread_create means exporting it; a helper thread
// in here would be seen (Python warns when a process with threads forks, unshare and setns refuse,
// malloc takes its locks, setuid would leave it out) and would need waking; a timer on the CPU time
// of the process interrupts the main thread's blocked calls on kernels before 6.4.
//
// Why SIGURG and not SIGPROF. Its default action is to be ignored. A program may set a handler back
// to the default at any time, or become another program by exec; SIGPROF, coming then, would end
// it. And SIGPROF is what other profilers use: theirs and this one do not meet.
//
// Yielding. A timer goes off once and is armed again by the handler, so that none overruns while
// its signal waits (si_overrun stays 0; it is counted all the same). If the program puts a handler
// of its own in our place, each timer reaches that one at most once more (it knows that SIGURG
// comes unasked), and that is the end. If the signal has an owner when we are loaded, nothing is
// installed.
//
// Filters of system calls: a program may install one that kills for a call it does not expect, as
// ours are. What was there when we were loaded is known to let us be; a thread with more is not
// asked.
//
// Fork: timers are not inherited. A child shares the memory; asked for a timer it refuses, which is
// counted. A child that calls exec loads its own agent.
#include "extensions/internal/agent.h"

#include <linux/fcntl.h>
#include <linux/random.h>

#include "extensions/internal/kernel.h"
#include "extensions/internal/sampled_threads.h"
#include "extensions/internal/shared_memory.h"
#include "extensions/internal/snapshot.h"

namespace lambent::agent {
namespace {

static_assert(kAgentSignal == SIGURG);
constexpr int kSignal = kAgentSignal;

AgentHeader* memory = nullptr;
int32_t owner = 0;  // the process the memory belongs to
SignalAction before = {};

// Gives the signal back: the agent has left.
void Leave() {
  __atomic_store_n(&memory->signal, 0, __ATOMIC_RELAXED);
  Call(__NR_rt_sigaction, kSignal, Address(&before), 0, sizeof(before.mask));
}

// Whether somebody reads: the profiler's beat changes.
bool IsHeard(SampledThread& thread) {
  const uint32_t beat = __atomic_load_n(&memory->control.beat, __ATOMIC_RELAXED);
  if (beat != thread.last_beat) {
    thread.last_beat = beat;
    thread.silent = 0;
  }
  return thread.silent++ < kAgentSilence;
}

void OnTimer(uint32_t number, uint32_t overruns, const struct ucontext& context) {
  SampledThread& thread = ThreadOf(number);
  const uint64_t period_ns = __atomic_load_n(&memory->control.period_ns, __ATOMIC_RELAXED);
  if (period_ns == 0 || !IsHeard(thread)) return;
  if (overruns != 0) Count(memory->counts.overruns, overruns);
  TakeSnapshot(memory, number, thread, context);
  if (!Arm(thread, period_ns)) Leave();
}

void OnRequest(const struct ucontext& context) {
  if (ProcessId() != owner) {
    Count(memory->counts.forked);
    return;
  }
  const uint64_t period_ns = __atomic_load_n(&memory->control.period_ns, __ATOMIC_RELAXED);
  if (period_ns == 0) return;
  const uint32_t number = FindOrAddThread(memory, owner, ThreadId());
  if (number == kNoThread) return;
  SampledThread& thread = ThreadOf(number);
  TakeSnapshot(memory, number, thread, context);
  Arm(thread, period_ns);
}

#if defined(__x86_64__)
// What a handler returns to; x86-64 has no default. The very bytes by which unwinders know it.
extern "C" __attribute__((visibility("hidden"))) void LambentAgentReturn();
__asm__(
    ".text\n"
    ".hidden LambentAgentReturn\n"
    ".globl LambentAgentReturn\n"
    ".type LambentAgentReturn, @function\n"
    "LambentAgentReturn:\n"
    "  mov $15, %rax\n"  // __NR_rt_sigreturn
    "  syscall\n"
    ".size LambentAgentReturn, . - LambentAgentReturn\n");
constexpr unsigned long kSaRestorer = 0x04000000;
#else
constexpr void (*LambentAgentReturn)() = nullptr;
constexpr unsigned long kSaRestorer = 0;
#endif

// How many filters of system calls this process has: "Seccomp_filters:" of its status, since Linux
// 5.9; 0: none, or not told.
uint32_t CountFilters() {
  constexpr char kName[] = "\nSeccomp_filters:\t";
  char text[4096];
  const long fd = Call(__NR_openat, AT_FDCWD, Address("/proc/self/status"), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const long size = Call(__NR_read, fd, Address(text), sizeof(text));
  Call(__NR_close, fd);
  uint32_t matched = 0;
  uint32_t count = 0;
  for (long i = 0; i < size; ++i) {
    if (matched < sizeof(kName) - 1) {
      matched = text[i] == kName[matched] ? matched + 1 : (text[i] == kName[0] ? 1 : 0);
    } else if (text[i] >= '0' && text[i] <= '9') {
      count = count * 10 + static_cast<uint32_t>(text[i] - '0');
    } else {
      break;
    }
  }
  return count;
}

__attribute__((constructor)) void Load() {
  // SIG_DFL is 0 and SIG_IGN 1: the program's own are above.
  if (Call(__NR_rt_sigaction, kSignal, 0, Address(&before), sizeof(before.mask)) != 0 ||
      reinterpret_cast<uintptr_t>(before.handler) > 1) {
    return;
  }
  AgentHeader* const created = CreateMemory();
  if (created == nullptr) return;
  owner = ProcessId();
  created->version = kAgentVersion;
  created->registers = kAgentRegisters;
  created->pid = owner;
  created->signal = kSignal;
  created->filters = CountFilters();
  if (Call(__NR_getrandom, Address(&created->cookie), sizeof(created->cookie), GRND_NONBLOCK) < 0) {
    created->cookie = static_cast<uint32_t>(owner);  // a mix-up is unlikely enough
  }
  memory = created;
  // All signals wait for the handler's end: it is short, and nothing may jump out of it.
  const SignalAction action = {&OnSignal, SA_SIGINFO | SA_RESTART | SA_ONSTACK | kSaRestorer,
                               LambentAgentReturn, ~uint64_t{0}};
  if (Call(__NR_rt_sigaction, kSignal, Address(&action), 0, sizeof(action.mask)) != 0) return;
  // Release: with it the profiler may believe the rest.
  __atomic_store_n(&created->magic, kAgentMagic, __ATOMIC_RELEASE);
}

}  // namespace

void OnSignal(int, void* cause_untyped, void* context) {
  const auto* const cause = static_cast<const siginfo_t*>(cause_untyped);
  const auto value = reinterpret_cast<uint64_t>(cause->si_ptr);
  const auto& interrupted = *static_cast<const struct ucontext*>(context);
  if (memory->magic != kAgentMagic) {  // somebody wrote over it: nothing in it can be trusted
    Leave();
  } else if (cause->si_code == SI_TIMER && value >> 32 == memory->cookie &&
             static_cast<uint32_t>(value) < kAgentThreads) {
    OnTimer(static_cast<uint32_t>(value), static_cast<uint32_t>(cause->si_overrun), interrupted);
  } else if (cause->si_code == SI_QUEUE && value == AgentRequest(memory->cookie)) {
    OnRequest(interrupted);
  }
}

AgentHeader* Memory() { return memory; }

}  // namespace lambent::agent
