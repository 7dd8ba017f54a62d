// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/profiling.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

#include "extensions/external/greeting.h"
#include "extensions/external/runtime_attacher.h"
#include "extensions/external/shutdown_plan.h"
#include "extensions/lambda_api/telemetry_api.h"
#include "extensions/lambda_api/telemetry_parser.h"
#include "extensions/stream/grpc_batch_stream.h"
#include "profiler/base/log.h"
#include "profiler/metrics/metrics_reader.h"
#include "profiler/os/random_bytes.h"

namespace lambent {
namespace {

// A platform that does not answer the subscription must not hold up the function's init.
constexpr absl::Duration kSubscriptionPatience = absl::Milliseconds(200);

std::string RandomId() {
  std::array<uint8_t, 16> bytes{};
  os::FillRandom(absl::MakeSpan(bytes));
  return std::string(bytes.begin(), bytes.end());
}

uint64_t RandomSeed() {
  std::array<uint8_t, sizeof(uint64_t)> bytes{1};
  os::FillRandom(absl::MakeSpan(bytes));
  uint64_t seed = 0;
  std::memcpy(&seed, bytes.data(), sizeof(seed));
  return seed;
}

// The token's file, read once; a file that cannot be read is a complaint and no token.
ChannelSettings WithToken(const Configuration& configuration) {
  ChannelSettings channel = configuration.channel;
  if (configuration.token_file.empty()) return channel;
  // A regular file only: opening a pipe would wait for a writer, and the function with us.
  std::error_code ignored;
  std::string token;
  if (std::filesystem::is_regular_file(configuration.token_file, ignored)) {
    std::ifstream file(configuration.token_file);
    token.assign(std::istreambuf_iterator<char>(file), {});
  }
  absl::StripAsciiWhitespace(&token);
  if (token.empty()) {
    Log(LogLevel::kWarn, absl::StrCat("LAMBENT_TOKEN_FILE=\"", configuration.token_file,
                                      "\" cannot be read or is empty; sending no token"));
  }
  channel.token = std::move(token);
  return channel;
}

SessionOptions WithSeed(SessionOptions options) {
  options.seed = RandomSeed();
  return options;
}

UplinkOptions WithSeed(UplinkOptions options) {
  options.seed = RandomSeed();
  return options;
}

}  // namespace

Profiling::Profiling(Setup setup)
    : setup_(std::move(setup)),
      clock_(os::RealClock()),
      proc_(os::CreateProcFiles()),
      trouble_(setup_.configuration.channel),
      outbox_(setup_.configuration.uplink.outbox_limit_bytes, [this] { uplink_->Wake(); }),
      module_files_(os::CreateProcFiles()),
      symbols_(std::make_unique<SymbolUploads>(
          [this](const std::string& build_id) { return module_files_.Open(build_id); },
          [this] { uplink_->Wake(); })),
      greeting_(
          MakeGreeting(setup_.configuration, setup_.registration, RandomId(), setup_.started)) {
  uplink_ = std::make_unique<Uplink>(
      WithSeed(setup_.configuration.uplink), greeting_, clock_, outbox_,
      GrpcStreamOpener(WithToken(setup_.configuration)),
      UplinkCallbacks{
          [this](uint32_t sample_hz, bool paused) {
            session_->SetRate(sample_hz);
            session_->Pause(paused);
          },
          [this](const absl::Status& status, int failures) { trouble_.Note(status, failures); },
          [this](const std::string& reason) { trouble_.NoteRefused(reason); },
          [this] { session_->RequestFlush(); }},
      symbols_.get());
  auto attacher = std::make_shared<RuntimeAttacher>(
      RuntimeAttacher::Options{{setup_.extensions_folder, setup_.api_address},
                               setup_.configuration.session.sample_hz,
                               setup_.configuration.lines,
                               &module_files_},
      clock_, [this](std::vector<Greeting::RungProbe> rungs) {
        absl::MutexLock lock(&mutex_);
        greeting_.rungs = std::move(rungs);
        uplink_->SetGreeting(greeting_);
      });
  metrics_ = std::make_unique<MetricsReader>(
      clock_, *proc_,
      MetricsReader::Options{int64_t{setup_.configuration.function.memory_mb} << 20, "/tmp"});
  session_ = std::make_unique<Session>(
      WithSeed(setup_.configuration.session),
      Session::Dependencies{clock_, [attacher] { return attacher->Attach(); }, *metrics_, outbox_});
}

Profiling::~Profiling() {
  if (subscriber_.joinable()) subscriber_.join();
  listener_.reset();
  // In no order of members alone: the uplink's thread calls session and symbols, and theirs wake
  // the uplink. So its thread ends first and it goes last.
  uplink_->Stop();
  session_.reset();
  symbols_.reset();
  uplink_.reset();
}

void Profiling::Start() {
  // First of all, because the platform starts the runtime now.
  session_->Start(setup_.started);
  subscriber_ = std::thread([this] { Subscribe(); });
  // A snapshot must not hold a connection, nor an identity that all its clones would share.
  if (!setup_.configuration.function.snap_start()) StartUplink();
  subscribed_.WaitForNotificationWithTimeout(kSubscriptionPatience);
}

void Profiling::Subscribe() {
  absl::StatusOr<std::unique_ptr<TelemetryListener>> listener =
      TelemetryListener::Start([this](std::string_view body) { OnTelemetry(body); });
  absl::Status failure = listener.status();
  if (listener.ok()) {
    listener_ = *std::move(listener);
    const absl::StatusOr<Subscription> subscription =
        SubscribeTelemetry(setup_.api, setup_.registration.identifier, listener_->uri(),
                           setup_.configuration.function.managed_instances());
    failure = subscription.status();
    absl::MutexLock lock(&mutex_);
    telemetry_comes_ = subscription.ok() && *subscription == Subscription::kSubscribed;
  }
  if (!failure.ok()) {
    Log(LogLevel::kInfo, absl::StrCat("no telemetry: ", failure.message()));
  }
  subscribed_.Notify();
}

void Profiling::StartUplink() {
  uplink_started_ = true;
  uplink_->Start();
}

void Profiling::Dispatch(const LifecycleStep& step) {
  for (const InvocationEvent& event : step.events) session_->OnEvent(event);
  if (step.phase.has_value()) uplink_->OnPhase(step.phase->phase, step.phase->deadline);
}

void Profiling::OnInvoke(const InvokeEvent& event) {
  const absl::Time now = clock_.UnixTime();
  {
    absl::MutexLock lock(&mutex_);
    if (!uplink_started_) {
      greeting_.environment_id = RandomId();
      uplink_->SetGreeting(greeting_);
    }
    Dispatch(lifecycle_.OnInvoke(event, now));
  }
  if (!uplink_started_) StartUplink();
}

void Profiling::OnTelemetry(std::string_view body) {
  const TelemetryBatch batch = ParseTelemetryBatch(body);
  absl::MutexLock lock(&mutex_);
  for (const TelemetryEvent& event : batch.events) {
    const auto* start = std::get_if<PlatformInitStart>(&event.record);
    if (start != nullptr && greeting_.runtime.empty() && !start->runtime_version.empty()) {
      greeting_.runtime = RuntimeName(start->runtime_version);
      uplink_->SetGreeting(greeting_);
    }
    Dispatch(lifecycle_.OnTelemetry(event));
  }
}

void Profiling::OnShutdown(const ShutdownEvent& event) {
  const absl::Time now = clock_.UnixTime();
  const ShutdownPlan plan =
      PlanShutdown(now, event.deadline_unix_ms == 0 ? absl::UnixEpoch()
                                                    : absl::FromUnixMillis(event.deadline_unix_ms));
  {
    absl::MutexLock lock(&mutex_);
    Dispatch(lifecycle_.OnShutdown(event, now));
    const auto told = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !telemetry_comes_ || !lifecycle_.expects_telemetry();
    };
    mutex_.AwaitWithTimeout(absl::Condition(&told), plan.telemetry_until - now);
    Dispatch(lifecycle_.OnTelemetryEnd());
  }
  const bool stopped = session_->Stop(plan.session_until);
  if (!uplink_started_) StartUplink();
  const bool delivered = uplink_->FinalFlush(plan.flush_until);
  if (!stopped) Log(LogLevel::kWarn, "the sampler did not stop in time; its last samples are lost");
  trouble_.OnEnd(delivered);
}

}  // namespace lambent
