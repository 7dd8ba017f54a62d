// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "profiler/metrics/metrics_source.h"
#include "profiler/metrics/thread_totals.h"
#include "profiler/os/clock.h"
#include "profiler/os/process_files.h"

namespace lambent {

// Reads metrics out of /proc: of the runtime process and of ourselves 5 to 10 µs each at the
// cadence plus 0.7 µs a thread, about ten times that at a boundary. Confined to the sampler thread.
class MetricsReader final : public MetricsSource {
 public:
  struct Options {
    int64_t memory_limit_bytes = 0;  // what the function was given; 0: not known
    std::string tmp_folder = "/tmp";
  };

  // Both must outlive the reader.
  MetricsReader(os::Clock& clock, os::ProcFiles& proc, Options options);
  ~MetricsReader() override;

  void Read(MetricsScope scope, int32_t runtime_pid,
            absl::FunctionRef<void(const MetricReading&)> sink) override;

 private:
  // One process that is read again and again, its descriptors kept.
  class Process;

  void ReadProcess(ProcessRole role, MetricsScope scope, std::unique_ptr<Process>* process,
                   int32_t pid, absl::FunctionRef<void(const MetricReading&)> sink);
  void ReadEnvironment(absl::FunctionRef<void(const MetricReading&)> sink);

  os::Clock& clock_;
  os::ProcFiles& proc_;
  const Options options_;
  std::unique_ptr<Process> runtime_;
  std::unique_ptr<Process> self_;
  std::string text_;
};

}  // namespace lambent
