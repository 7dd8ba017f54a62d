// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/affinity.h"

#include <sched.h>

namespace lambent::os {
namespace {

class LinuxAffinity final : public Affinity {
 public:
  LinuxAffinity() {
    CPU_ZERO(&allowed_);
    known_ = sched_getaffinity(0, sizeof(allowed_), &allowed_) == 0;
  }

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
  cpu_set_t allowed_;
  bool known_ = false;
  int bound_ = -1;
};

}  // namespace

std::unique_ptr<Affinity> CreateAffinity() { return std::make_unique<LinuxAffinity>(); }

}  // namespace lambent::os
