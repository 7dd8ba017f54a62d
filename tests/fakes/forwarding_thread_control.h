// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "profiler/os/thread_control.h"

namespace lambent::fakes {

// The real one; a test overrides what is to be otherwise. Confined to one thread, as that is.
class ForwardingThreadControl : public os::ThreadControl {
 public:
  os::StopResult Stop(int32_t tid, os::StopPatience patience, os::Registers* registers) override {
    return real_->Stop(tid, patience, registers);
  }
  void Resume() override { real_->Resume(); }
  size_t late() const override { return real_->late(); }
  bool IsLate(int32_t tid) const override { return real_->IsLate(tid); }
  int32_t FindStopped() override { return real_->FindStopped(); }
  int64_t stood_since_ns() const override { return real_->stood_since_ns(); }
  bool AwaitStop(int64_t until_ns) override { return real_->AwaitStop(until_ns); }
  size_t Settle() override { return real_->Settle(); }

 private:
  const std::unique_ptr<os::ThreadControl> real_ = os::CreateThreadControl();
};

// As in AWS Lambda: a filter refuses ptrace.
class RefusingThreadControl final : public ForwardingThreadControl {
 public:
  os::StopResult Stop(int32_t, os::StopPatience, os::Registers*) override {
    return os::StopResult::kRefused;
  }
};

}  // namespace lambent::fakes
