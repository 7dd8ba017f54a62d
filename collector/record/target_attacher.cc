// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/record/target_attacher.h"

#include <utility>

#include "profiler/os/process_limits.h"
#include "profiler/stacks/forwarding_sampler.h"
#include "profiler/stacks/ladder.h"
#include "profiler/stacks/process_tree.h"

namespace lambent::record {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
// An interpreter comes up some ticks after the start; what works is told again then.
constexpr uint64_t kRungsEvery = 64;

// Threads followed of a process that is one of many: descriptors are limited.
constexpr size_t kMaxThreadsOfDescendant = 32;

// A ladder that reports.
class ReportingSampler final : public ForwardingSampler {
 public:
  // `is_root`: what works on it is what is told; of descendants only samples are.
  ReportingSampler(std::unique_ptr<Ladder> ladder, bool is_root, SamplingReport& report)
      : ForwardingSampler(std::move(ladder)),
        ladder_(static_cast<const Ladder&>(sampler())),
        is_root_(is_root),
        report_(report) {
    if (is_root_) report_.Attached(ladder_.rungs());
  }
  ~ReportingSampler() override {
    if (is_root_) report_.Attached(ladder_.rungs());
  }

  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    const bool alive =
        ForwardingSampler::Observe([&](const ThreadSample& sample) { Take(sample, sink); });
    if (is_root_ && ++ticks_ % kRungsEvery == 0) report_.Attached(ladder_.rungs());
    return alive;
  }
  void TakeStops(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    ForwardingSampler::TakeStops([&](const ThreadSample& sample) { Take(sample, sink); });
  }

 private:
  void Take(const ThreadSample& sample, absl::FunctionRef<void(const ThreadSample&)> sink) {
    if (sample.drop == DropReason::kUnspecified) report_.Took(1);
    sink(sample);
  }

  const Ladder& ladder_;  // the one that is forwarded to
  const bool is_root_;
  SamplingReport& report_;
  uint64_t ticks_ = 0;
};

// Counts the ticks of the outermost sampler.
class TickedSampler final : public ForwardingSampler {
 public:
  TickedSampler(std::unique_ptr<ProcessSampler> sampler, SamplingReport& report)
      : ForwardingSampler(std::move(sampler)), report_(report) {}

  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    report_.Ticked();
    return ForwardingSampler::Observe(sink);
  }

 private:
  SamplingReport& report_;
};

absl::StatusOr<std::unique_ptr<ProcessSampler>> AttachLadder(int32_t pid, const os::Clock& clock,
                                                             const LadderOptions& options,
                                                             bool is_root, SamplingReport& report) {
  absl::StatusOr<std::unique_ptr<Ladder>> ladder = Ladder::Attach(pid, clock, options);
  if (!ladder.ok()) return ladder.status();
  return std::make_unique<ReportingSampler>(*std::move(ladder), is_root, report);
}

}  // namespace

TargetAttacher::TargetAttacher(int32_t pid, const RecordOptions& options, const os::Clock& clock,
                               SamplingReport& report)
    : pid_(pid), options_(options), clock_(clock), report_(report) {
  if (options_.children) os::RaiseOpenFilesLimit();
}

LadderOptions TargetAttacher::OptionsOf(int32_t pid) const {
  LadderOptions options;
  // Nobody can be asked for names later.
  options.mini_debug_info_bytes = size_t{128} << 20;
  options.period_ns = kNsPerSecond / options_.sample_hz;
  options.native = options_.native ? NativeFrames::kAlways : NativeFrames::kNever;
  options.only = options_.rung;
  options.lines = options_.lines;
  options.code_addresses = true;
  if (pid != pid_) options.max_threads = kMaxThreadsOfDescendant;
  return options;
}

absl::StatusOr<std::unique_ptr<ProcessSampler>> TargetAttacher::Attach() {
  auto sampler = options_.children || options_.thread_roots
                     ? AttachTree()
                     : AttachLadder(pid_, clock_, OptionsOf(pid_), true, report_);
  if (!sampler.ok()) {
    report_.Refused(sampler.status());
    return sampler.status();
  }
  return std::make_unique<TickedSampler>(*std::move(sampler), report_);
}

absl::StatusOr<std::unique_ptr<ProcessSampler>> TargetAttacher::AttachTree() {
  return ProcessTree::Create(pid_, clock_, os::CreateProcFiles(),
                             {.children = options_.children,
                              .process_roots = options_.children,
                              .thread_roots = options_.thread_roots},
                             [this](int32_t pid) {
                               return AttachLadder(pid, clock_, OptionsOf(pid), pid == pid_,
                                                   report_);
                             });
}

}  // namespace lambent::record
