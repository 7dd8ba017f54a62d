// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A program that is hard on an agent inside it, built without frame pointers. Each mode is one
// difficulty; those that come to harm end with a message.
//   agent_target shares|threads N|churn|fork|exec|sigprof|sigurg|reset|masked|coroutine|alternate|
//                errno|sleeper|filter|setuid UID
//   agent_target refuse NUMBER PROGRAM ARGUMENT…   PROGRAM, where that system call is refused
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#if defined(__clang__)
#define NAMED extern "C" __attribute__((noinline, used))
#else
#define NAMED extern "C" __attribute__((noinline, noclone, used))
#endif
// Keeps the call before it from becoming a jump, and the frame in being.
#define STAY __asm__ volatile("" ::: "memory")

namespace {

std::atomic<unsigned long> work{0};
std::atomic<int> signals{0};

void Say(const char* what, long number) {
  std::printf("%s %ld\n", what, number);
  std::fflush(stdout);
}
void Ready() { Say("ready", getpid()); }

void Work(int rounds) {
  for (int i = 0; i < rounds; ++i) work.fetch_add(1, std::memory_order_relaxed);
}

[[noreturn]] void Fail(const char* what) {
  Say(what, errno);
  std::abort();
}

void CountSignal(int) { signals.fetch_add(1, std::memory_order_relaxed); }

void Handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  if (sigaction(signal, &action, nullptr) != 0) Fail("sigaction");
}

}  // namespace

NAMED void TargetSpinLeaf() {
  for (;;) Work(1000);
}
NAMED void TargetSpin() {
  TargetSpinLeaf();
  STAY;
}
NAMED void TargetThreeParts() {
  Work(30000);
  STAY;
}
NAMED void TargetOnePart() {
  Work(10000);
  STAY;
}
NAMED void TargetShares() {
  for (;;) {
    TargetThreeParts();
    TargetOnePart();
  }
}
NAMED void TargetWorker() {
  TargetSpin();
  STAY;
}
// Several milliseconds.
NAMED void TargetShort() {
  unsigned long spins = 0;
  for (int i = 0; i < 20'000'000; ++i) __asm__ volatile("" : "+r"(spins));
  STAY;
}
NAMED void TargetChild() {
  TargetSpin();
  STAY;
}
// Checks what a handler that does not save errno would change.
NAMED void TargetErrnoLeaf() {
  for (;;) {
    errno = EXDEV;
    Work(1000);
    if (errno != EXDEV) Fail("errno changed");
  }
}
NAMED void TargetCoroutine() {
  TargetSpin();
  STAY;
}
NAMED void TargetOnAlternateStack(int) {
  TargetSpin();
  STAY;
}

namespace {

void Threads(int count) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([] { TargetWorker(); });
  Ready();
  for (std::thread& thread : threads) thread.join();
}

// Waves of threads that live for some milliseconds; says how many waves went by.
void Churn() {
  Ready();
  for (long wave = 1;; ++wave) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) threads.emplace_back([] { TargetShort(); });
    for (std::thread& thread : threads) thread.join();
    if (wave % 8 == 0) Say("wave", wave);
  }
}

void Fork() {
  const pid_t child = fork();
  if (child < 0) Fail("fork");
  if (child == 0) TargetChild();
  Say("child", child);
  Ready();
  TargetSpin();
}

// A profiler of its own.
void OwnProfiler() {
  Handle(SIGPROF, &CountSignal);
  const itimerval every{{0, 10'000}, {0, 10'000}};
  if (setitimer(ITIMER_PROF, &every, nullptr) != 0) Fail("setitimer");
  Ready();
  for (int last = 0;;) {
    TargetThreeParts();
    if (signals >= last + 50) Say("sigprof", last = signals);
  }
}

// Takes the agent's signal after a while.
void TakeSignal() {
  Ready();
  Work(100'000'000);
  Handle(SIGURG, &CountSignal);
  Say("taken", 0);
  for (int round = 0;; ++round) {
    Work(20'000'000);
    Say("sigurg", signals);
  }
}

// Every handler back to the default, again and again.
void ResetAll() {
  Ready();
  for (;;) {
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    Work(1'000'000);
    Say("reset", 0);
  }
}

void Masked() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  Ready();
  TargetSpin();
}

void Coroutine() {
  static std::vector<char> stack(256 * 1024);
  static ucontext_t here;
  static ucontext_t there;
  getcontext(&there);
  there.uc_stack.ss_sp = stack.data();
  there.uc_stack.ss_size = stack.size();
  makecontext(&there, &TargetCoroutine, 0);
  Ready();
  swapcontext(&here, &there);
}

void Alternate() {
  static std::vector<char> stack(256 * 1024);
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  if (sigaltstack(&alternate, nullptr) != 0) Fail("sigaltstack");
  Handle(SIGUSR1, &TargetOnAlternateStack);
  Ready();
  raise(SIGUSR1);
}

// Sleeps in a call that a handler would interrupt, whatever SA_RESTART says.
void Sleeper() {
  std::thread([] { TargetWorker(); }).detach();
  Ready();
  for (;;) {
    timespec left{};
    const timespec length{0, 100'000'000};
    if (nanosleep(&length, &left) != 0) Fail("interrupted");
    Say("slept", 0);
  }
}

// Becomes another user in all its threads, after a while.
void ChangeUser(uid_t user) {
  constexpr int kWorkers = 3;
  static std::atomic<int> changed{-1};
  for (int i = 0; i < kWorkers; ++i) {
    std::thread([user] {
      while (static_cast<uid_t>(syscall(SYS_getuid)) != user || changed < 0) TargetThreeParts();
      ++changed;
      TargetWorker();
    }).detach();
  }
  Ready();
  Work(100'000'000);
  changed = 0;
  if (setuid(user) != 0) Fail("setuid");
  Say("setuid", static_cast<long>(getuid()));
  while (changed < kWorkers) Work(1000);
  Say("threads", changed);
  Sleeper();
}

void Install(sock_filter* filter, size_t length) {
  const sock_fprog program{static_cast<unsigned short>(length), filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    Fail("seccomp");
  }
}

// Installs a filter that kills for what the agent calls, when it is loaded already.
void Filter() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_timer_create, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_timer_settime, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  Install(filter, sizeof(filter) / sizeof(filter[0]));
  Ready();
  TargetSpin();
}

// The program `arguments`, where the system call `number` fails with EPERM.
int Refuse(unsigned number, char** arguments) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  Install(filter, sizeof(filter) / sizeof(filter[0]));
  execv(arguments[0], arguments);
  Fail("exec");
}

}  // namespace

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "";
  const auto is = [mode](const char* name) { return std::strcmp(mode, name) == 0; };
  if (is("refuse") && argc > 3) {
    return Refuse(static_cast<unsigned>(std::atoi(argv[2])), argv + 3);
  }
  if (is("exec")) {
    Ready();
    Work(200'000'000);
    execl("/proc/self/exe", argv[0], "spin", nullptr);
  }
  if (is("spin")) {
    Ready();
    TargetSpin();
  }
  if (is("shares")) {
    Ready();
    TargetShares();
  }
  if (is("threads") && argc > 2) Threads(std::atoi(argv[2]));
  if (is("churn")) Churn();
  if (is("fork")) Fork();
  if (is("sigprof")) OwnProfiler();
  if (is("sigurg")) TakeSignal();
  if (is("reset")) ResetAll();
  if (is("masked")) Masked();
  if (is("coroutine")) Coroutine();
  if (is("alternate")) Alternate();
  if (is("sleeper")) Sleeper();
  if (is("filter")) Filter();
  if (is("setuid") && argc > 2) ChangeUser(static_cast<uid_t>(std::atoi(argv[2])));
  if (is("errno")) {
    Ready();
    TargetErrnoLeaf();
  }
  STAY;
  return 2;
}
