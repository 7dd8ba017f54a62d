// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/affinity.h"

#include <sched.h>

namespace lambent::os {
namespace {

// The CPUs of one thread: what it may use, and what we made of that. One for all the Affinities of
// the thread, of which each would else take another's binding for what is allowed.
//
// The kernel keeps one set of CPUs a thread, so ours hides what it was allowed before. That is seen
// again when somebody else changes the set (sched_setaffinity from outside, a cpuset that has lost
// the CPU we are bound to): it is not what we left then, unless it is that very CPU alone.
class ThreadCpus {
 public:
  // False: `cpu` is not one the thread may use, or not any more.
  bool BindTo(int cpu) {
    // The second question costs no system call.
    if (cpu == bound_ && sched_getcpu() == cpu) return true;
    NoticeChange();
    if (!known_ || cpu < 0 || cpu >= CPU_SETSIZE ||
        !CPU_ISSET(static_cast<size_t>(cpu), &allowed_)) {
      return false;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(cpu), &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0) return false;
    bound_ = cpu;
    return true;
  }

  void Release() {
    NoticeChange();
    if (bound_ < 0) return;
    sched_setaffinity(0, sizeof(allowed_), &allowed_);
    bound_ = -1;
  }

 private:
  // What is not our own doing is what the thread may use from here on.
  void NoticeChange() {
    cpu_set_t now;
    CPU_ZERO(&now);
    if (sched_getaffinity(0, sizeof(now), &now) != 0) return;
    const bool ours =
        bound_ >= 0 && CPU_COUNT(&now) == 1 && CPU_ISSET(static_cast<size_t>(bound_), &now);
    if (ours) return;
    allowed_ = now;
    known_ = true;
    bound_ = -1;
  }

  cpu_set_t allowed_{};
  bool known_ = false;
  int bound_ = -1;  // -1: to none
};

ThreadCpus& CpusOfThisThread() {
  static thread_local ThreadCpus cpus;
  return cpus;
}

class LinuxAffinity final : public Affinity {
 public:
  ~LinuxAffinity() override { Release(); }
  int CurrentCpu() const override { return sched_getcpu(); }
  bool MoveTo(int cpu) override {
    if (!CpusOfThisThread().BindTo(cpu)) return false;
    moved_ = true;
    return true;
  }
  void Release() override {
    // Else another's binding is not ours to take back.
    if (moved_) CpusOfThisThread().Release();
    moved_ = false;
  }

 private:
  bool moved_ = false;
};

}  // namespace

std::unique_ptr<Affinity> CreateAffinity() { return std::make_unique<LinuxAffinity>(); }

}  // namespace lambent::os
