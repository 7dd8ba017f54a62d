// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "collector/query/profile.h"
#include "collector/record/held_batches.h"
#include "collector/record/profile_assembler.h"
#include "collector/record/record_options.h"
#include "collector/record/sampling_report.h"
#include "collector/record/target_attacher.h"
#include "profiler/metrics/metrics_source.h"
#include "profiler/os/clock.h"
#include "profiler/os/command_process.h"
#include "profiler/os/signal_watch.h"
#include "profiler/session/session.h"

namespace lambent::record {

// What came of a recording. A value.
struct Recorded {
  std::optional<collector::Profile> profile;  // none: nothing was seen
  SampleTotals totals;
  std::string target;  // what was recorded, for people
  absl::Duration length;
  uint64_t ticks = 0;
  std::vector<RungProbe> rungs;               // what worked, as known at the end
  std::optional<os::CommandEnd> command_end;  // none: no command, or it still runs
};

// One recording of one process of this machine: the extension's engine (a Session) on the one side,
// the collector's way of the data (ProfileAssembler) on the other, in one program. Confined to the
// main thread, which it takes SIGINT, SIGTERM and SIGHUP from.
class Recording {
 public:
  struct Progress {
    absl::Duration elapsed;
    uint64_t samples = 0;
    bool ending = false;  // a signal asked for the end
  };

  // Starts the command, if there is one, and the sampling. Errors: NotFound (no such process or
  // program), InvalidArgument, PermissionDenied with what to do about it.
  static absl::StatusOr<std::unique_ptr<Recording>> Start(const RecordOptions& options);

  // What is recorded, for people.
  const std::string& target() const { return target_; }
  int32_t pid() const { return pid_; }

  // Records until the process ends, the time is up, or a signal comes. A signal sent to us alone is
  // passed on to the command; a Ctrl-C reached it anyway. It has kGrace then to end on its own.
  void Run(absl::FunctionRef<void(const Progress&)> progress);
  static constexpr absl::Duration kGrace = absl::Seconds(2);

  // Ends the sampling and makes the profile. Errors: the store's.
  absl::StatusOr<Recorded> Finish();

  // Waits for a command that goes on, until another signal comes. True: it has ended.
  bool AwaitCommand();

 private:
  // No metrics are asked for.
  class NoMetrics final : public MetricsSource {
   public:
    void Read(MetricsScope, int32_t, absl::FunctionRef<void(const MetricReading&)>) override {}
  };

  Recording(const RecordOptions& options, std::unique_ptr<os::SignalWatch> signals);
  absl::Status Begin();
  absl::Status StartCommand();
  absl::Status CheckAccess();
  absl::Status Assemble();
  // Waits for a signal for at most `length` and takes note of it. True: the end is asked for.
  bool Wait(absl::Duration length);

  const RecordOptions options_;
  os::Clock& clock_;
  const std::unique_ptr<os::SignalWatch> signals_;
  std::string target_;
  int32_t pid_ = 0;
  std::optional<os::CommandProcess> command_;
  std::optional<os::CommandEnd> command_end_;
  int64_t started_ns_ = 0;
  int64_t ended_ns_ = 0;

  SamplingReport report_;
  NoMetrics metrics_;
  HeldBatches batches_;
  std::unique_ptr<ProfileAssembler> assembler_;
  absl::Status trouble_;  // of the assembler, while recording
  std::unique_ptr<Session> session_;
};

}  // namespace lambent::record
