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
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "profiler/os/linux/kept_file.h"
#include "profiler/os/linux/wait_limit.h"
#include "profiler/os/proc_parse.h"
#include "profiler/os/thread_control.h"

namespace lambent::os {
namespace {

constexpr int64_t kLimitNs = 20'000'000;

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

StopResult ResultOfErrno(int error) {
  return error == ESRCH ? StopResult::kGone : StopResult::kRefused;
}

// What became of a traced thread, without taking the news: PTRACE_DETACH does not need it taken,
// and the end of a child of this process is for its parent to collect.
enum class News : uint8_t { kNone, kStopped, kEnded, kNotOurs };

News Look(int32_t tid, int no_waiting, int* signal_to_deliver) {
  siginfo_t event{};
  if (waitid(P_PID, static_cast<id_t>(tid), &event,
             WSTOPPED | WEXITED | WNOWAIT | __WALL | no_waiting) != 0) {
    return errno == EINTR ? News::kNone : News::kNotOurs;
  }
  if (event.si_pid == 0) return News::kNone;
  if (event.si_code != CLD_TRAPPED && event.si_code != CLD_STOPPED) return News::kEnded;
  // A signal-delivery stop has no event; a stop of our own making (PTRACE_EVENT_STOP, also reported
  // for a group stop) has, and no signal to pass on.
  *signal_to_deliver = (event.si_status >> 8) == 0 ? event.si_status & 0x7f : 0;
  return News::kStopped;
}

News Peek(int32_t tid, int* signal_to_deliver) { return Look(tid, WNOHANG, signal_to_deliver); }

// Takes the news of a thread's end, so that its process can end and its parent hears of it; but not
// that of our own child, which is for the one who started it.
void CollectEnd(int32_t tid) {
  std::string text;
  ProcessStatus status;
  if (ReadWhole("/proc/" + std::to_string(tid) + "/status", 8192, &text) == ReadResult::kOk &&
      ParseStatus(text, &status) && status.leader == tid && status.parent == getpid()) {
    return;
  }
  waitpid(tid, nullptr, __WALL | WNOHANG);
}

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
    const StopResult result = WaitForStop(tid, &signal_);
    if (result == StopResult::kTimedOut) late_.push_back(tid);
    if (result != StopResult::kStopped) return result;
    if (!ReadRegisters(tid, registers)) {  // killed while stopped
      if (ptrace(PTRACE_DETACH, tid, nullptr, signal_) != 0) late_.push_back(tid);
      return StopResult::kGone;
    }
    stopped_ = tid;
    return StopResult::kStopped;
  }

  void Resume() override {
    if (stopped_ == 0) return;
    if (ptrace(PTRACE_DETACH, stopped_, nullptr, signal_) != 0) late_.push_back(stopped_);
    stopped_ = 0;
  }

  size_t Settle() override {
    for (size_t i = 0; i < late_.size();) {
      int signal = 0;
      const News news = Peek(late_[i], &signal);
      const bool held =
          news == News::kNone ||
          (news == News::kStopped && ptrace(PTRACE_DETACH, late_[i], nullptr, signal) != 0);
      if (news == News::kEnded) CollectEnd(late_[i]);
      if (held) {
        ++i;
      } else {
        late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    return late_.size();
  }

 private:
  // Asleep, not yielding: on the thread's own CPU it can only stop once we are off it, and then it
  // is the next to run, where a yield lets everybody else run first, for milliseconds on a busy
  // CPU.
  StopResult WaitForStop(int32_t tid, int* signal_to_deliver) {
    const int64_t start = NowNs();
    const bool limited = limit_.Begin(kLimitNs);
    News news = News::kNone;
    do {
      news = Look(tid, limited ? 0 : WNOHANG, signal_to_deliver);
      if (news == News::kNone && !limited) sched_yield();
    } while (news == News::kNone && NowNs() - start < kLimitNs);
    limit_.End();
    switch (news) {
      case News::kStopped:
        return StopResult::kStopped;
      case News::kNone:
        return StopResult::kTimedOut;
      case News::kEnded:
        CollectEnd(tid);
        break;
      case News::kNotOurs:
        break;
    }
    return StopResult::kGone;
  }

  WaitLimit limit_;
  int32_t stopped_ = 0;  // 0: none
  int signal_ = 0;       // to pass on to stopped_
  std::vector<int32_t> late_;
};

}  // namespace

std::unique_ptr<ThreadControl> CreateThreadControl() {
  return std::make_unique<PtraceThreadControl>();
}

}  // namespace lambent::os
