// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <vector>

#include "profiler/os/thread_control.h"

namespace lambent::os {
namespace {

constexpr int64_t kSpinNs = 2'000'000;
constexpr int64_t kLimitNs = 20'000'000;
constexpr int64_t kNapNs = 50'000;

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

StopResult ResultOfErrno(int error) {
  return error == ESRCH ? StopResult::kGone : StopResult::kRefused;
}

// The signal to pass on at detach: that of a signal-delivery stop. A stop of our own making
// (PTRACE_EVENT_STOP, also reported for a group stop) has none.
int SignalToDeliver(int status) { return (status >> 16) == 0 ? WSTOPSIG(status) : 0; }

bool ReadRegisters(int32_t tid, Registers* registers) {
#if defined(__x86_64__)
  user_regs_struct kernel{};
  iovec area{&kernel, sizeof(kernel)};
  if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &area) != 0) return false;
  registers->values = {kernel.rax, kernel.rdx, kernel.rcx, kernel.rbx, kernel.rsi, kernel.rdi,
                       kernel.rbp, kernel.rsp, kernel.r8,  kernel.r9,  kernel.r10, kernel.r11,
                       kernel.r12, kernel.r13, kernel.r14, kernel.r15, kernel.rip};
#else
  user_regs_struct kernel{};
  iovec area{&kernel, sizeof(kernel)};
  if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &area) != 0) return false;
  std::copy(std::begin(kernel.regs), std::end(kernel.regs), registers->values.begin());
  registers->values[Registers::kSp] = kernel.sp;
  registers->values[Registers::kPc] = kernel.pc;
#endif
  return true;
}

class PtraceThreadControl final : public ThreadControl {
 public:
  ~PtraceThreadControl() override {
    Resume();
    Settle();  // what is left is let go by the kernel when this thread ends
  }

  StopResult Stop(int32_t tid, Registers* registers) override {
    Settle();
    if (std::find(late_.begin(), late_.end(), tid) != late_.end()) return StopResult::kTimedOut;
    if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) return ResultOfErrno(errno);
    if (ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) != 0) {
      late_.push_back(tid);  // it is ending; its death is collected by Settle
      Settle();
      return StopResult::kGone;
    }
    int status = 0;
    const StopResult result = WaitForStop(tid, &status);
    if (result == StopResult::kTimedOut) late_.push_back(tid);
    if (result != StopResult::kStopped) return result;
    if (!ReadRegisters(tid, registers)) {  // killed while stopped
      if (ptrace(PTRACE_DETACH, tid, nullptr, SignalToDeliver(status)) != 0) late_.push_back(tid);
      return StopResult::kGone;
    }
    stopped_ = tid;
    signal_ = SignalToDeliver(status);
    return StopResult::kStopped;
  }

  void Resume() override {
    if (stopped_ == 0) return;
    if (ptrace(PTRACE_DETACH, stopped_, nullptr, signal_) != 0) late_.push_back(stopped_);
    stopped_ = 0;
  }

  size_t Settle() override {
    for (size_t i = 0; i < late_.size();) {
      int status = 0;
      const pid_t got = waitpid(late_[i], &status, __WALL | WNOHANG);
      const bool held =
          got == 0 || (got > 0 && WIFSTOPPED(status) &&
                       ptrace(PTRACE_DETACH, late_[i], nullptr, SignalToDeliver(status)) != 0);
      if (held) {
        ++i;
      } else {
        late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    return late_.size();
  }

 private:
  // On the thread's own CPU it can only stop while we yield; on another it takes microseconds.
  static StopResult WaitForStop(int32_t tid, int* status) {
    const int64_t start = NowNs();
    for (;;) {
      const pid_t got = waitpid(tid, status, __WALL | WNOHANG);
      if (got == tid) return WIFSTOPPED(*status) ? StopResult::kStopped : StopResult::kGone;
      if (got < 0 && errno != EINTR) return StopResult::kGone;
      const int64_t waited = NowNs() - start;
      if (waited > kLimitNs) return StopResult::kTimedOut;
      if (waited < kSpinNs) {
        sched_yield();
      } else {
        const timespec nap{0, kNapNs};
        nanosleep(&nap, nullptr);
      }
    }
  }

  int32_t stopped_ = 0;  // 0: none
  int signal_ = 0;
  std::vector<int32_t> late_;
};

}  // namespace

std::unique_ptr<ThreadControl> CreateThreadControl() {
  return std::make_unique<PtraceThreadControl>();
}

}  // namespace lambent::os
