// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/linux/wait_limit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace lambent::os {
namespace {

void Nothing(int) {}

// Between two signals at least: of one each microsecond nothing else would be done any more.
constexpr int64_t kMinIntervalNs = 1'000'000;

timespec TimeOf(int64_t ns) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
  time.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  return time;
}

}  // namespace

WaitLimit::~WaitLimit() {
  if (thread_ != 0) timer_delete(timer_);
}

bool WaitLimit::Create() {
  struct sigaction action {};
  action.sa_handler = &Nothing;  // and no SA_RESTART: the call ends
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGRTMAX);
  if (sigaction(SIGRTMAX, &action, nullptr) != 0 ||
      pthread_sigmask(SIG_UNBLOCK, &signals, nullptr) != 0) {
    return false;
  }
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGRTMAX;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));  // libc has no other name for it
  if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return false;
  thread_ = event._sigev_un._tid;
  return true;
}

bool WaitLimit::Begin(int64_t limit_ns) {
  if (thread_ == 0 && !Create()) return false;
  const itimerspec times{.it_interval = TimeOf(std::max(limit_ns, kMinIntervalNs)),
                         .it_value = TimeOf(std::max(limit_ns, int64_t{1}))};
  return timer_settime(timer_, 0, &times, nullptr) == 0;
}

void WaitLimit::End() {
  const itimerspec never{};
  timer_settime(timer_, 0, &never, nullptr);
}

}  // namespace lambent::os
