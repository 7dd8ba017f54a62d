// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "profiler/stacks/process_sampler.h"

namespace lambent {

// A process sampler around another: asks it everything. What derives from it adds to some of the
// questions. Confined to the sampler thread.
class ForwardingSampler : public ProcessSampler {
 public:
  explicit ForwardingSampler(std::unique_ptr<ProcessSampler> sampler)
      : sampler_(std::move(sampler)) {}

  int32_t pid() const override { return sampler_->pid(); }
  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    return sampler_->Observe(sink);
  }
  bool AwaitStop(int64_t until_ns) override { return sampler_->AwaitStop(until_ns); }
  void TakeStops(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    sampler_->TakeStops(sink);
  }
  void LetGo() override { sampler_->LetGo(); }
  FrameDescription Describe(const Frame& frame) override { return sampler_->Describe(frame); }
  std::string_view ThreadName(StringId id) const override { return sampler_->ThreadName(id); }
  AgentLosses TakeLosses() override { return sampler_->TakeLosses(); }

 protected:
  const ProcessSampler& sampler() const { return *sampler_; }

 private:
  const std::unique_ptr<ProcessSampler> sampler_;
};

}  // namespace lambent
