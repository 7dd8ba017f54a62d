// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "profiler/stacks/ladder_parts.h"
#include "tests/fakes/forwarding_thread_control.h"
#include "tests/profiler/stacks/stepped_files.h"

namespace lambent {

class SteppedMemory final : public os::RemoteMemory {
 public:
  SteppedMemory(std::unique_ptr<os::RemoteMemory> memory, Steps& steps)
      : memory_(std::move(memory)), steps_(steps) {}
  size_t Read(uint64_t address, void* into, size_t size) override {
    return steps_.Take(), memory_->Read(address, into, size);
  }
  size_t ReadV(absl::Span<const os::RemoteRange> ranges) override {
    return steps_.Take(), memory_->ReadV(ranges);
  }
  Failure last_failure() const override { return memory_->last_failure(); }

 private:
  std::unique_ptr<os::RemoteMemory> memory_;
  Steps& steps_;
};

class SteppedControl final : public fakes::ForwardingThreadControl {
 public:
  explicit SteppedControl(Steps& steps) : steps_(steps) {}
  os::StopResult Stop(int32_t tid, os::StopPatience patience, os::Registers* registers) override {
    steps_.Take();
    const os::StopResult result = ForwardingThreadControl::Stop(tid, patience, registers);
    steps_.holds = result == os::StopResult::kStopped;
    return result;
  }
  void Resume() override {
    steps_.Take();
    steps_.holds = false;
    ForwardingThreadControl::Resume();
  }
  size_t Settle() override { return steps_.Take(), ForwardingThreadControl::Settle(); }

 private:
  Steps& steps_;
};

// The real parts, each question counted. `steps` must outlive the ladder.
inline LadderParts SteppedParts(Steps& steps) {
  return {.proc = std::make_unique<SteppedProcFiles>(steps),
          .control = std::make_unique<SteppedControl>(steps),
          .affinity = os::CreateAffinity(),
          .open_memory =
              [&steps](int32_t pid, uint64_t address) {
                steps.Take();
                os::RemoteMemoryProbe probe = os::ProbeRemoteMemory(pid, address);
                if (probe.memory != nullptr) {
                  probe.memory = std::make_unique<SteppedMemory>(std::move(probe.memory), steps);
                }
                return probe;
              },
          .agent_door = os::CreateAgentDoor(),
          .perf = nullptr};
}

}  // namespace lambent
