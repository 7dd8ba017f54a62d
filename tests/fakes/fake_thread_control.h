// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "profiler/os/affinity.h"
#include "profiler/os/thread_control.h"

namespace lambent::fakes {

// Threads that stop at once, with registers a test gave them. Thread-compatible.
class FakeThreadControl final : public os::ThreadControl {
 public:
  std::map<int32_t, os::Registers> registers;  // of the threads there are
  os::StopResult result = os::StopResult::kStopped;
  int32_t stopped = 0;
  int stops = 0;

  os::StopResult Stop(int32_t tid, os::StopPatience, os::Registers* values) override {
    if (result != os::StopResult::kStopped) return result;
    const auto thread = registers.find(tid);
    if (thread == registers.end()) return os::StopResult::kGone;
    *values = thread->second;
    stopped = tid;
    ++stops;
    return os::StopResult::kStopped;
  }
  void Resume() override { stopped = 0; }
  size_t late() const override { return 0; }
  bool IsLate(int32_t) const override { return false; }
  int32_t FindStopped() override { return 0; }
  int64_t stood_since_ns() const override { return 0; }
  bool AwaitStop(int64_t) override { return false; }
  size_t Settle() override { return 0; }
};

// A machine with `cpus` CPUs, all of them allowed. Thread-compatible.
class FakeAffinity final : public os::Affinity {
 public:
  int cpus = 2;
  int current = 0;
  int moves = 0;

  int CurrentCpu() const override { return current; }
  bool MoveTo(int cpu) override {
    if (cpu < 0 || cpu >= cpus) return false;
    moves += cpu != current ? 1 : 0;
    current = cpu;
    return true;
  }
  void Release() override {}
};

}  // namespace lambent::fakes
