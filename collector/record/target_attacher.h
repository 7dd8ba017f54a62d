// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"

#include "collector/record/record_options.h"
#include "collector/record/sampling_report.h"
#include "profiler/os/clock.h"
#include "profiler/stacks/ladder_parts.h"
#include "profiler/stacks/process_sampler.h"

namespace lambent::record {

// Attaches the ladder to the process that is recorded: what a session calls to get its sampler.
// Made anywhere, then confined to the sampler thread.
class TargetAttacher {
 public:
  // `clock` and `report` must outlive it and what it returns.
  TargetAttacher(int32_t pid, const RecordOptions& options, const os::Clock& clock,
                 SamplingReport& report);

  // NotFound: the process has ended.
  absl::StatusOr<std::unique_ptr<ProcessSampler>> Attach();

 private:
  absl::StatusOr<std::unique_ptr<ProcessSampler>> AttachTree();
  // The options of a ladder, of the root or of a descendant.
  LadderOptions OptionsOf(int32_t pid) const;

  const int32_t pid_;
  const RecordOptions options_;
  const os::Clock& clock_;
  SamplingReport& report_;
};

}  // namespace lambent::record
