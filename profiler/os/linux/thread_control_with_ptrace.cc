// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "profiler/os/linux/traced_thread.h"
#include "profiler/os/linux/wait_limit.h"
#include "profiler/os/thread_control.h"

namespace lambent::os {
namespace {

// A sleep in waitid() that lasted so long was ended by what is new.
constexpr int64_t kSleptNs = 20'000;
// For late threads to stop or to end, when nobody will ask for them any more.
constexpr int64_t kPartingNs = 300'000'000;
// A late thread is asked for again after so long: it may have ceased to be ours.
constexpr int64_t kDoubtNs = 50'000'000;
// For somebody else's stopped thread, which is there to be found again and again.
constexpr timespec kNap{.tv_sec = 0, .tv_nsec = 50'000};

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

StopResult WhyNotSeized(int32_t tid) {
  const bool gone = errno == ESRCH || HasEnded(tid);
  return gone ? StopResult::kGone : StopResult::kRefused;
}

class PtraceThreadControl final : public ThreadControl {
 public:
  explicit PtraceThreadControl(int32_t process) : process_(process) {}
  ~PtraceThreadControl() override {
    Resume();
    // The end of a traced thread, and so of its process, is for its tracer to collect first. What
    // is left after a while is let go by the kernel when this thread ends.
    const int64_t end_ns = NowNs() + kPartingNs;
    for (int64_t now_ns = NowNs(); Settle() > 0 && now_ns < end_ns; now_ns = NowNs()) {
      AwaitStop(now_ns + kPartingNs / 300);
    }
    late_of_thread_ -= late_.size();
  }

  StopResult Stop(int32_t tid, StopPatience patience, Registers* registers) override {
    if (const auto late = FindLate(tid); late != late_.end()) return TakeLate(late, registers);
    if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) return WhyNotSeized(tid);
    if (ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) != 0) {
      AddLate(tid);  // it is ending; its death is collected by Settle
      Settle();
      FollowExec(tid);
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

  size_t late() const override { return late_of_thread_; }

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
        Forget(i, news);
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
    const int32_t stranger = waited == 0 && !IsLate(event.si_pid) ? event.si_pid : 0;
    if (waited != 0 && errno == ECHILD) {
      nanosleep(&kNap, nullptr);  // what was late is no more
    } else if (stranger != 0) {
      // Another control's, which is told of it next; or nobody's, and would be met for ever.
      if (stranger == stranger_) nanosleep(&kNap, nullptr);
    } else if (now_ns - start_ns > kSleptNs) {
      for (Late& late : late_) late.ran_ns = now_ns;  // or this would have ended sooner
    }
    stranger_ = stranger;
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
        Forget(i, news);
      }
    }
    return late_.size();
  }

 private:
  struct Late {
    int32_t tid = 0;
    int64_t ran_ns = 0;  // when it was last seen not to stand
    int64_t asked_ns = 0;
  };

  void AddLate(int32_t tid) {
    const int64_t now_ns = NowNs();
    late_.push_back({tid, now_ns, now_ns});
    ++late_of_thread_;
  }

  void Drop(std::vector<Late>::iterator late) {
    late_.erase(late);
    --late_of_thread_;
  }

  // The late thread at `i`, which may be followed by another one at the end.
  void Forget(size_t i, News news) {
    const int32_t tid = late_[i].tid;
    Drop(late_.begin() + static_cast<std::ptrdiff_t>(i));
    if (news == News::kNotOurs) FollowExec(tid);
  }

  // A thread that is not to be found after it was seized may be one that called exec, and has the
  // process's id now, traced as before: under that name it is to be let go.
  void FollowExec(int32_t tid) {
    if (process_ == 0 || tid == process_ || IsLate(process_)) return;
    if (ptrace(PTRACE_INTERRUPT, process_, nullptr, nullptr) == 0) AddLate(process_);
  }

  std::vector<Late>::iterator FindLate(int32_t tid) {
    return std::find_if(late_.begin(), late_.end(),
                        [tid](const Late& late) { return late.tid == tid; });
  }

  // An end is collected.
  News PeekAt(Late* late, int* signal_to_deliver) {
    const int64_t now_ns = NowNs();
    News news = Look(late->tid, WNOHANG, signal_to_deliver);
    // A child of ours that has called exec in another thread is there, and not the one we traced.
    if (news == News::kNone && now_ns - late->asked_ns > kDoubtNs &&
        ptrace(PTRACE_INTERRUPT, late->tid, nullptr, nullptr) != 0) {
      news = News::kNotOurs;
    }
    if (news == News::kNone) late->ran_ns = now_ns;
    if (news == News::kEnded) CollectEnd(late->tid);
    return news;
  }

  StopResult TakeLate(std::vector<Late>::iterator late, Registers* registers) {
    const News news = PeekAt(&*late, &signal_);
    if (news == News::kNone) return StopResult::kLate;
    const Late taken = *late;
    Drop(late);
    if (news == News::kNotOurs) FollowExec(taken.tid);
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
        FollowExec(tid);
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
  int32_t stranger_ = 0;                       // whose stop AwaitStop() met last time
  const int32_t process_;                      // 0: not told
  static thread_local size_t late_of_thread_;  // of all controls of this thread
};

thread_local size_t PtraceThreadControl::late_of_thread_ = 0;

}  // namespace

std::unique_ptr<ThreadControl> CreateThreadControl(int32_t process) {
  return std::make_unique<PtraceThreadControl>(process);
}

}  // namespace lambent::os
