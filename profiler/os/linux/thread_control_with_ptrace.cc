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

// A sleep in waitid() that lasted so long was ended by what is new.
constexpr int64_t kSleptNs = 20'000;
// For late threads to stop or to end, when nobody will ask for them any more.
constexpr int64_t kPartingNs = 100'000'000;
// For somebody else's stopped thread, which is there to be found again and again.
constexpr timespec kNap{.tv_sec = 0, .tv_nsec = 50'000};

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
    // The end of a traced thread, and so of its process, is for its tracer to collect first. What
    // is left after a while is let go by the kernel when this thread ends.
    const int64_t end_ns = NowNs() + kPartingNs;
    for (int64_t now_ns = NowNs(); Settle() > 0 && now_ns < end_ns; now_ns = NowNs()) {
      AwaitStop(now_ns + kPartingNs / 100);
    }
  }

  StopResult Stop(int32_t tid, StopPatience patience, Registers* registers) override {
    if (const auto late = FindLate(tid); late != late_.end()) return TakeLate(late, registers);
    if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) return ResultOfErrno(errno);
    if (ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) != 0) {
      AddLate(tid);  // it is ending; its death is collected by Settle
      Settle();
      return StopResult::kGone;
    }
    const StopResult result = WaitForStop(tid, patience, &signal_);
    if (result == StopResult::kLate) AddLate(tid);
    return result == StopResult::kStopped ? Give(tid, registers) : result;
  }

  void Resume() override {
    if (stopped_ == 0) return;
    if (ptrace(PTRACE_DETACH, stopped_, nullptr, signal_) != 0) AddLate(stopped_);
    stopped_ = 0;
  }

  size_t late() const override { return late_.size(); }

  bool IsLate(int32_t tid) const override {
    return std::any_of(late_.begin(), late_.end(),
                       [tid](const Late& late) { return late.tid == tid; });
  }

  int64_t stood_since_ns() const override { return stood_since_ns_; }

  int32_t FindStopped() override {
    for (size_t i = 0; i < late_.size();) {
      int signal = 0;
      const News news = PeekAt(&late_[i], &signal);
      if (news == News::kStopped) return late_[i].tid;
      if (news == News::kNone) {
        ++i;
      } else {
        late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    return 0;
  }

  bool AwaitStop(int64_t until_ns) override {
    if (late_.empty()) return false;
    const int64_t start_ns = NowNs();
    if (until_ns <= start_ns) return true;
    if (!limit_.Begin(until_ns - start_ns)) {
      nanosleep(&kNap, nullptr);
      return true;
    }
    siginfo_t event{};
    // Ends are not waited for: those of other children are their starters' business.
    const int waited = waitid(P_ALL, 0, &event, WSTOPPED | WNOWAIT | __WALL | __WNOTHREAD);
    limit_.End();
    const int64_t now_ns = NowNs();
    if (waited == 0 && !IsLate(event.si_pid)) {
      nanosleep(&kNap, nullptr);
    } else if (now_ns - start_ns > kSleptNs) {
      for (Late& late : late_) late.ran_ns = now_ns;  // or this would have ended sooner
    }
    return true;
  }

  size_t Settle() override {
    for (size_t i = 0; i < late_.size();) {
      int signal = 0;
      const News news = PeekAt(&late_[i], &signal);
      const bool held =
          news == News::kNone ||
          (news == News::kStopped && ptrace(PTRACE_DETACH, late_[i].tid, nullptr, signal) != 0);
      if (held) {
        ++i;
      } else {
        late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    return late_.size();
  }

 private:
  struct Late {
    int32_t tid = 0;
    int64_t ran_ns = 0;  // when it was last seen not to stand
  };

  void AddLate(int32_t tid) { late_.push_back({tid, NowNs()}); }

  std::vector<Late>::iterator FindLate(int32_t tid) {
    return std::find_if(late_.begin(), late_.end(),
                        [tid](const Late& late) { return late.tid == tid; });
  }

  // An end is collected.
  static News PeekAt(Late* late, int* signal_to_deliver) {
    const int64_t now_ns = NowNs();
    const News news = Look(late->tid, WNOHANG, signal_to_deliver);
    if (news == News::kNone) late->ran_ns = now_ns;
    if (news == News::kEnded) CollectEnd(late->tid);
    return news;
  }

  StopResult TakeLate(std::vector<Late>::iterator late, Registers* registers) {
    const News news = PeekAt(&*late, &signal_);
    if (news == News::kNone) return StopResult::kLate;
    const Late taken = *late;
    late_.erase(late);
    if (news != News::kStopped) return StopResult::kGone;
    stood_since_ns_ = taken.ran_ns;
    return Give(taken.tid, registers);
  }

  // Of a thread that stands.
  StopResult Give(int32_t tid, Registers* registers) {
    if (!ReadRegisters(tid, registers)) {  // killed while stopped
      if (ptrace(PTRACE_DETACH, tid, nullptr, signal_) != 0) AddLate(tid);
      return StopResult::kGone;
    }
    stopped_ = tid;
    return StopResult::kStopped;
  }

  StopResult WaitForStop(int32_t tid, StopPatience patience, int* signal_to_deliver) {
    const int64_t start_ns = NowNs();
    News news = News::kNone;
    while (news == News::kNone && NowNs() - start_ns < patience.awake_ns) {
      news = Look(tid, WNOHANG, signal_to_deliver);
    }
    if (news == News::kNone && patience.asleep_ns > 0) {
      news = SleepUntilStop(tid, patience.asleep_ns, signal_to_deliver);
    }
    switch (news) {
      case News::kStopped:
        return StopResult::kStopped;
      case News::kNone:
        return StopResult::kLate;
      case News::kEnded:
        CollectEnd(tid);
        break;
      case News::kNotOurs:
        break;
    }
    return StopResult::kGone;
  }

  // Asleep, not yielding: on the thread's own CPU it can only stop once we are off it, and then it
  // is the next to run, where a yield lets everybody else run first, for milliseconds on a busy
  // CPU.
  News SleepUntilStop(int32_t tid, int64_t patience_ns, int* signal_to_deliver) {
    const int64_t start_ns = NowNs();
    const bool limited = limit_.Begin(patience_ns);
    News news = News::kNone;
    do {
      news = Look(tid, limited ? 0 : WNOHANG, signal_to_deliver);
      if (news == News::kNone && !limited) sched_yield();
    } while (news == News::kNone && NowNs() - start_ns < patience_ns);
    if (limited) limit_.End();
    return news;
  }

  WaitLimit limit_;
  int32_t stopped_ = 0;  // 0: none
  int signal_ = 0;       // to pass on to stopped_
  std::vector<Late> late_;
  int64_t stood_since_ns_ = 0;
};

}  // namespace

std::unique_ptr<ThreadControl> CreateThreadControl() {
  return std::make_unique<PtraceThreadControl>();
}

}  // namespace lambent::os
