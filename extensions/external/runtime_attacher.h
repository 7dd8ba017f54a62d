// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "extensions/stream/uplink_options.h"
#include "profiler/os/clock.h"
#include "profiler/os/process_files.h"
#include "profiler/stacks/process_sampler.h"
#include "profiler/symbols/module_files.h"
#include "profiler/target/runtime_finder.h"
#include "profiler/target/wrapper_patience.h"

namespace lambent {

// Looks for the runtime process and attaches the ladder to it: what a session calls to get its
// sampler. Made anywhere, then confined to the sampler thread. Must outlive the samplers it gives.
class RuntimeAttacher {
 public:
  struct Options {
    RuntimeFinder::Options finder;
    uint32_t sample_hz = 99;
    bool lines = false;                   // LadderOptions::lines and code_addresses
    ModuleFiles* module_files = nullptr;  // see LadderOptions
  };
  // What the ladder may use, told once for each attached process, on the sampler thread.
  using RungsSink = std::function<void(std::vector<Greeting::RungProbe>)>;

  // `clock` must outlive it.
  RuntimeAttacher(Options options, const os::Clock& clock, RungsSink on_attached);

  // kNotFound: the runtime has not started yet, or a shell is still about to start it.
  absl::StatusOr<std::unique_ptr<ProcessSampler>> Attach();

 private:
  const Options options_;
  const os::Clock& clock_;
  const RungsSink on_attached_;
  const std::unique_ptr<os::ProcFiles> proc_;
  RuntimeFinder finder_;
  WrapperPatience patience_;
};

}  // namespace lambent
