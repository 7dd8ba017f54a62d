// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/runtime_attacher.h"

#include <optional>
#include <utility>

#include "extensions/external/wrapper_sampler.h"
#include "profiler/stacks/ladder.h"

namespace lambent {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

RuntimeAttacher::RuntimeAttacher(Options options, const os::Clock& clock, RungsSink on_attached)
    : options_(std::move(options)),
      clock_(clock),
      on_attached_(std::move(on_attached)),
      proc_(os::CreateProcFiles()),
      finder_(*proc_, options_.finder) {}

absl::StatusOr<std::unique_ptr<ProcessSampler>> RuntimeAttacher::Attach() {
  const std::optional<RuntimeProcess> runtime = finder_.Find();
  if (!runtime.has_value()) {
    return absl::NotFoundError("find the runtime process: it has not started yet");
  }
  if (patience_.ShouldWait(*runtime, clock_.MonotonicNs())) {
    return absl::NotFoundError("find the runtime process: a shell has not started it yet");
  }
  LadderOptions options;
  options.period_ns = kNsPerSecond / options_.sample_hz;
  options.lines = options_.lines;
  options.code_addresses = options_.lines;
  options.module_files = options_.module_files;
  absl::StatusOr<std::unique_ptr<Ladder>> ladder = Ladder::Attach(runtime->pid, clock_, options);
  if (!ladder.ok()) return ladder.status();
  std::vector<Greeting::RungProbe> rungs;
  for (const RungProbe& rung : (*ladder)->rungs()) {
    rungs.push_back({static_cast<uint32_t>(rung.rung), rung.available, rung.reason});
  }
  on_attached_(std::move(rungs));
  if (!IsWrapper(runtime->exe)) return *std::move(ladder);
  return std::make_unique<WrapperSampler>(*std::move(ladder), clock_,
                                          [this] { return finder_.Find(); });
}

}  // namespace lambent
