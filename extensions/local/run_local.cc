// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/run_local.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"

#include "extensions/local/execution_environment.h"
#include "extensions/local/local_options.h"
#include "profiler/os/environment.h"

namespace lambent::local {
namespace {

constexpr int kExitFailedInvocation = 1;
constexpr int kExitUsage = 2;
constexpr int kExitNoEnvironment = 4;
constexpr int kExitInterrupted = 130;
constexpr int64_t kMillisecond = 1'000'000;

void Complain(const absl::Status& status) {
  std::fprintf(stderr, "lambent local: %s\n", std::string(status.message()).c_str());
}

absl::StatusOr<ExecutionEnvironment::Launch> Prepare(const LocalOptions& options) {
  ExecutionEnvironment::Launch launch;
  for (const auto& [name, value] : os::ReadEnvironment()) launch.ours[name] = value;
  std::error_code failed;
  launch.task_root = std::filesystem::canonical(options.task_root, failed).string();
  if (failed) {
    return absl::NotFoundError("task root " + options.task_root + ": " + failed.message());
  }
  absl::StatusOr<RuntimeCommand> runtime = FindRuntime(options, launch.task_root, launch.ours);
  if (!runtime.ok()) return runtime.status();
  launch.runtime = *std::move(runtime);
  absl::StatusOr<std::vector<std::string>> extensions = FindExtensions(options.extension_dirs);
  if (!extensions.ok()) return extensions.status();
  launch.extensions = *std::move(extensions);
  return launch;
}

struct Tally {
  bool any_failed = false;
};

absl::Status RunInvocations(const LocalOptions& options, ExecutionEnvironment* environment,
                            Tally* tally) {
  if (absl::Status status = environment->Initialise(); !status.ok()) return status;
  for (int64_t i = 0; i < options.invocations && !environment->interrupted(); ++i) {
    const size_t event = static_cast<size_t>(i) % options.events.size();
    if (absl::Status status = environment->Invoke(options.events[event]); !status.ok()) {
      return status;
    }
    if (environment->outcome().status != Status::kSuccess) tally->any_failed = true;
    const int64_t frozen_ms =
        environment->ids().Between(options.freeze_min_ms, options.freeze_max_ms);
    if (absl::Status status = environment->Freeze(frozen_ms * kMillisecond); !status.ok()) {
      return status;
    }
  }
  return environment->Shutdown();
}

}  // namespace

int RunLocal(absl::Span<const std::string> arguments) {
  absl::StatusOr<LocalOptions> options = ParseLocalOptions(arguments);
  if (!options.ok()) {
    Complain(options.status());
    return kExitUsage;
  }
  if (options->help) {
    std::fputs(LocalUsage().c_str(), stdout);
    return 0;
  }
  absl::StatusOr<ExecutionEnvironment::Launch> launch = Prepare(*options);
  if (!launch.ok()) {
    Complain(launch.status());
    return kExitNoEnvironment;
  }
  absl::StatusOr<ResultWriter> results = ResultWriter::Create(*options);
  if (!results.ok()) {
    Complain(results.status());
    return kExitNoEnvironment;
  }
  absl::StatusOr<std::unique_ptr<ExecutionEnvironment>> environment =
      ExecutionEnvironment::Create(*options, *std::move(launch), os::RealClock(), *results);
  if (!environment.ok()) {
    Complain(environment.status());
    return kExitNoEnvironment;
  }
  Tally tally;
  if (absl::Status status = RunInvocations(*options, environment->get(), &tally); !status.ok()) {
    Complain(status);
    return kExitNoEnvironment;
  }
  if ((*environment)->interrupted()) return kExitInterrupted;
  if (!(*environment)->was_ready()) {
    Complain(absl::InternalError("the environment could not start: see the lines above"));
    return kExitNoEnvironment;
  }
  return tally.any_failed && options->fail_on_error ? kExitFailedInvocation : 0;
}

}  // namespace lambent::local
