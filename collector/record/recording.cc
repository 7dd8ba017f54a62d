// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/record/recording.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "collector/query/frame_name.h"
#include "collector/record/access.h"
#include "profiler/base/version.h"
#include "profiler/os/environment.h"
#include "profiler/os/poll.h"
#include "profiler/os/program_path.h"
#include "profiler/os/random_bytes.h"

namespace lambent::record {
namespace {

// How often the main thread looks around: progress and the process's end.
constexpr absl::Duration kLookInterval = absl::Milliseconds(100);
// Batches in memory beyond which they are put into the store while the recording goes on.
constexpr size_t kMaxHeldBytes = 32 << 20;
constexpr absl::Duration kAttachPatience = absl::Seconds(10);
constexpr absl::Duration kStopPatience = absl::Seconds(30);
constexpr size_t kMaxNameBytes = 200;

std::array<uint8_t, 24> RandomBytes() {
  std::array<uint8_t, 24> bytes{1};
  os::FillRandom(absl::MakeSpan(bytes));
  return bytes;
}

SessionOptions SessionOf(const RecordOptions& options) {
  SessionOptions session;
  session.sample_hz = options.sample_hz;
  session.overhead_budget = kOverheadBudget;
  session.metrics_interval = absl::Hours(1);
  // A commit of the store for each batch at the end, and nobody reads them before.
  session.batch_interval = absl::Seconds(10);
  session.settle_lag = absl::ZeroDuration();  // no platform will tell of phases
  const std::array<uint8_t, 24> bytes = RandomBytes();
  std::memcpy(&session.seed, bytes.data(), sizeof(session.seed));
  return session;
}

// The program's own files too, first as the process sees them, where it has a root of its own.
collector::DebugFileSearch DebugFilesOf(const RecordOptions& options, int32_t pid) {
  collector::DebugFileSearch search;
  search.debug_directories.insert(search.debug_directories.begin(),
                                  options.debug_directories.begin(),
                                  options.debug_directories.end());
  search.module_roots = {absl::StrCat("/proc/", pid, "/root"), ""};
  return search;
}

bool CanSample(const std::vector<RungProbe>& rungs) {
  return std::any_of(rungs.begin(), rungs.end(), [](const RungProbe& probe) {
    return probe.available && probe.rung != Rung::kUnchanged && probe.rung != Rung::kMetricsOnly;
  });
}

// Why there is no way to a stack, as the rungs say it.
std::string WhyNot(const std::vector<RungProbe>& rungs) {
  for (const RungProbe& probe : rungs) {
    if (probe.rung == Rung::kBlocked) return probe.reason;
  }
  return "nothing was tried";
}

}  // namespace

Recording::Recording(const RecordOptions& options, std::unique_ptr<os::SignalWatch> signals)
    : options_(options), clock_(os::RealClock()), signals_(std::move(signals)) {}

absl::StatusOr<std::unique_ptr<Recording>> Recording::Start(const RecordOptions& options) {
  // Before any thread is started: all are to have these signals blocked.
  absl::StatusOr<std::unique_ptr<os::SignalWatch>> signals = os::SignalWatch::Create();
  if (!signals.ok()) return signals.status();
  std::unique_ptr<Recording> recording(new Recording(options, *std::move(signals)));
  if (absl::Status begun = recording->Begin(); !begun.ok()) return begun;
  return recording;
}

absl::Status Recording::StartCommand() {
  const os::Environment environment = os::ReadEnvironment();
  const std::string path(os::ValueOf(environment, "PATH"));
  const absl::StatusOr<std::string> program =
      os::FindProgram(options_.command[0], path.empty() ? "/usr/bin:/bin" : path);
  if (!program.ok()) return program.status();
  if (options_.children) os::AdoptOrphans();
  absl::StatusOr<os::CommandProcess> command =
      os::CommandProcess::Start(*program, options_.command);
  if (!command.ok()) return command.status();
  command_.emplace(*std::move(command));
  pid_ = command_->pid();
  target_ = collector::SafeText(absl::StrJoin(options_.command, " ").substr(0, kMaxNameBytes));
  return absl::OkStatus();
}

absl::Status Recording::Begin() {
  if (options_.pid == 0) {
    if (absl::Status started = StartCommand(); !started.ok()) return started;
  } else {
    const absl::StatusOr<ProcessIdentity> identity =
        IdentifyProcess(*os::CreateProcFiles(), options_.pid);
    if (!identity.ok()) return identity.status();
    pid_ = options_.pid;
    target_ = absl::StrCat(collector::SafeText(identity->name), " (", pid_, ")");
  }
  auto attacher = std::make_shared<TargetAttacher>(pid_, options_, clock_, report_);
  session_ = std::make_unique<Session>(
      SessionOf(options_),
      Session::Dependencies{clock_, [attacher] { return attacher->Attach(); }, metrics_, batches_});
  started_ns_ = clock_.MonotonicNs();
  session_->OnInvoke("record", clock_.UnixTime(), absl::UnixEpoch());
  session_->Start();
  return command_.has_value() ? absl::OkStatus() : CheckAccess();
}

absl::Status Recording::CheckAccess() {
  if (!report_.AwaitAnswer(kAttachPatience)) {
    return absl::DeadlineExceededError(absl::StrCat("attach to process ", pid_, ": no answer"));
  }
  if (absl::Status refusal = report_.refusal(); !refusal.ok()) return refusal;
  const std::vector<RungProbe> rungs = report_.rungs();
  if (CanSample(rungs)) return absl::OkStatus();
  const absl::StatusOr<ProcessIdentity> identity =
      IdentifyProcess(*os::CreateProcFiles(), options_.pid);
  if (!identity.ok()) return identity.status();
  return absl::PermissionDeniedError(absl::StrCat("look at process ", target_, ": ", WhyNot(rungs),
                                                  "; ", AdviseAccess(*identity)));
}

bool Recording::Wait(absl::Duration length) {
  std::vector<os::PollEntry> entries = {{.fd = signals_->fd(), .want_read = true}};
  // Should polling fail, the recording goes on looking around.
  if (!os::Poll(entries, absl::ToInt64Nanoseconds(length)).ok()) {
    clock_.SleepUntil(clock_.MonotonicNs() + absl::ToInt64Nanoseconds(length));
  }
  const os::SignalWatch::Pending pending = signals_->Drain();
  if (command_.has_value() && !command_end_.has_value()) command_end_ = command_->Reap();
  if (pending.stop && pending.stop_sent_to_us && command_.has_value()) {
    command_->Signal(pending.stop_signal);
  }
  return pending.stop;
}

void Recording::Run(absl::FunctionRef<void(const Progress&)> progress) {
  std::optional<int64_t> end_ns;
  if (options_.duration < absl::InfiniteDuration()) {
    end_ns = started_ns_ + absl::ToInt64Nanoseconds(options_.duration);
  }
  bool ending = false;
  for (;;) {
    const int64_t now_ns = clock_.MonotonicNs();
    if (command_end_.has_value() || report_.ended()) break;
    if (end_ns.has_value() && now_ns >= *end_ns) break;
    progress({absl::Nanoseconds(now_ns - started_ns_), report_.samples(), ending});
    if (batches_.bytes() > kMaxHeldBytes && trouble_.ok()) trouble_ = Assemble();
    absl::Duration length = kLookInterval;
    if (end_ns.has_value()) length = std::min(length, absl::Nanoseconds(*end_ns - now_ns));
    if (!Wait(length)) continue;
    if (ending || !command_.has_value()) break;
    ending = true;
    const int64_t grace_ns = clock_.MonotonicNs() + absl::ToInt64Nanoseconds(kGrace);
    end_ns = std::min(end_ns.value_or(grace_ns), grace_ns);
  }
  ended_ns_ = clock_.MonotonicNs();
}

absl::Status Recording::Assemble() {
  if (assembler_ == nullptr) {
    const std::array<uint8_t, 24> id = RandomBytes();
    collector::ValidatedHello hello;
    hello.environment_id.assign(id.begin(), id.begin() + 16);
    hello.function_name = target_;
    hello.function_version = "record";
    hello.extension_version = std::string(kVersion);
    hello.sample_hz = options_.sample_hz;
    hello.started_unix_us = absl::ToUnixMicros(clock_.UnixTime());
    absl::StatusOr<std::unique_ptr<ProfileAssembler>> made = ProfileAssembler::Create(hello);
    if (!made.ok()) return made.status();
    assembler_ = *std::move(made);
  }
  return assembler_->Add(batches_.Take());
}

absl::StatusOr<Recorded> Recording::Finish() {
  if (!session_->Stop(clock_.UnixTime() + kStopPatience)) {
    return absl::DeadlineExceededError("end the sampling: the sampler thread does not answer");
  }
  if (!trouble_.ok()) return trouble_;
  if (absl::Status assembled = Assemble(); !assembled.ok()) return assembled;
  Recorded recorded;
  recorded.totals = assembler_->totals();
  recorded.target = target_;
  recorded.length = absl::Nanoseconds(ended_ns_ - started_ns_);
  recorded.ticks = report_.ticks();
  recorded.rungs = report_.rungs();
  recorded.command_end = command_end_;
  collector::Symbolizer symbolizer(DebugFilesOf(options_, pid_));
  absl::StatusOr<collector::Profile> profile = assembler_->Build(
      {.with_lock = options_.with_lock}, {&symbolizer, options_.inlined, options_.lines});
  if (!profile.ok() && profile.status().code() != absl::StatusCode::kNotFound) {
    return profile.status();
  }
  if (profile.ok() && recorded.totals.samples > 0 && !profile->rows.empty()) {
    profile->title =
        absl::StrFormat("%s · %.1f s at %d Hz%s", target_, absl::ToDoubleSeconds(recorded.length),
                        options_.sample_hz, options_.with_lock ? " · holding the GIL" : "");
    recorded.profile = *std::move(profile);
  }
  return recorded;
}

bool Recording::AwaitCommand() {
  while (command_.has_value() && !command_end_.has_value()) {
    if (Wait(absl::Seconds(1)) && !command_end_.has_value()) return false;
  }
  return true;
}

}  // namespace lambent::record
