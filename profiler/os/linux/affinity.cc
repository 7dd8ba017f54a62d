// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/affinity.h"

#include <sched.h>

namespace lambent::os {
namespace {

// The CPUs a thread was allowed on before any Affinity of its moved it.
struct Allowed {
  Allowed() {
    CPU_ZERO(&cpus);
    known = sched_getaffinity(0, sizeof(cpus), &cpus) == 0;
  }
  cpu_set_t cpus;
  bool known;
};

const Allowed& AllowedOfThisThread() {
  static thread_local const Allowed allowed;
  return allowed;
}

class LinuxAffinity final : public Affinity {
 public:
  // Another one of this thread, of another process's ladder, may have it bound now.
  LinuxAffinity() : allowed_(AllowedOfThisThread().cpus), known_(AllowedOfThisThread().known) {}
  ~LinuxAffinity() override { Release(); }

  int CurrentCpu() const override { return sched_getcpu(); }

  bool MoveTo(int cpu) override {
    if (cpu == bound_) return true;
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

  void Release() override {
    if (bound_ < 0) return;
    sched_setaffinity(0, sizeof(allowed_), &allowed_);
    bound_ = -1;
  }

 private:
  const cpu_set_t allowed_;
  const bool known_;
  int bound_ = -1;
};

}  // namespace

std::unique_ptr<Affinity> CreateAffinity() { return std::make_unique<LinuxAffinity>(); }

}  // namespace lambent::os
