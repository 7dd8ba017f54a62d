// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "profiler/os/remote_memory.h"

namespace lambent {

// The memory of a process across exec: what readers hold stays, what is behind it is opened anew
// (/proc/PID/mem shows the memory of before). Without any, nothing is readable. Thread-compatible.
class SwitchableMemory final : public os::RemoteMemory {
 public:
  void SwitchTo(std::unique_ptr<os::RemoteMemory> memory) { memory_ = std::move(memory); }
  bool available() const { return memory_ != nullptr; }

  size_t Read(uint64_t address, void* into, size_t size) override {
    return memory_ == nullptr ? 0 : memory_->Read(address, into, size);
  }
  size_t ReadV(absl::Span<const os::RemoteRange> ranges) override {
    return memory_ == nullptr ? 0 : memory_->ReadV(ranges);
  }
  Failure last_failure() const override {
    return memory_ == nullptr ? Failure::kRefused : memory_->last_failure();
  }

 private:
  std::unique_ptr<os::RemoteMemory> memory_;
};

}  // namespace lambent
