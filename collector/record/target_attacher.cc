// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/record/target_attacher.h"

#include <utility>

#include "profiler/stacks/ladder.h"

namespace lambent::record {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
// An interpreter comes up some ticks after the start; what works is told again then.
constexpr uint64_t kRungsEvery = 64;

// A ladder that reports. It forwards everything.
class ReportingSampler final : public ProcessSampler {
 public:
  ReportingSampler(std::unique_ptr<Ladder> ladder, SamplingReport& report)
      : ladder_(std::move(ladder)), report_(report) {
    report_.Attached(ladder_->rungs());
  }
  ~ReportingSampler() override { report_.Attached(ladder_->rungs()); }

  int32_t pid() const override { return ladder_->pid(); }
  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    uint64_t samples = 0;
    const bool alive = ladder_->Observe([&](const ThreadSample& sample) {
      if (sample.drop == DropReason::kUnspecified) ++samples;
      sink(sample);
    });
    report_.Ticked(samples);
    if (++ticks_ % kRungsEvery == 0) report_.Attached(ladder_->rungs());
    return alive;
  }
  FrameDescription Describe(const Frame& frame) override { return ladder_->Describe(frame); }
  std::string_view ThreadName(StringId id) const override { return ladder_->ThreadName(id); }

 private:
  const std::unique_ptr<Ladder> ladder_;
  SamplingReport& report_;
  uint64_t ticks_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessSampler>> TargetAttacher::Attach() {
  LadderOptions options;
  options.period_ns = kNsPerSecond / options_.sample_hz;
  absl::StatusOr<std::unique_ptr<Ladder>> ladder = Ladder::Attach(pid_, clock_, options);
  if (!ladder.ok()) {
    report_.Refused(ladder.status());
    return ladder.status();
  }
  return std::make_unique<ReportingSampler>(*std::move(ladder), report_);
}

}  // namespace lambent::record
