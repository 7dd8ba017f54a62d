// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/collector_process.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace lambent::support {
namespace {

// host:port of "http://host:port/" or of host:port.
std::string Address(const std::string& url) {
  return std::string(absl::StripSuffix(absl::StripPrefix(url, "http://"), "/"));
}

}  // namespace

CollectorProcess::CollectorProcess(std::string binaries, std::string folder)
    : binaries_(std::move(binaries)),
      folder_(std::move(folder)),
      data_dir_(absl::StrCat(folder_, "/data")),
      http_("127.0.0.1:0") {}

absl::Status CollectorProcess::Start(const std::vector<std::string>& more_arguments) {
  const std::string ports_file = absl::StrCat(folder_, "/ports");
  std::filesystem::remove(ports_file);
  std::vector<std::string> arguments = {
      absl::StrCat(binaries_, "/lambent-collector"), absl::StrCat("--data-dir=", data_dir_),
      absl::StrCat("--grpc-address=", grpc_), absl::StrCat("--http-address=", Address(http_)),
      absl::StrCat("--ports-file=", ports_file)};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  auto program = Program::Start(arguments);
  if (!program.ok()) return program.status();
  program_ = *std::move(program);

  std::string ports;
  const auto ready = [&] {
    ports = ReadFile(ports_file);
    return absl::StrContains(ports, "http=") && absl::StrContains(ports, "grpc=") &&
           ports.back() == '\n';
  };
  if (!program_->CollectUntil(ready, absl::Seconds(20)) || !ready()) {
    const std::string said = program_->Wait(absl::ZeroDuration()).Describe();
    program_.reset();
    return absl::UnavailableError(absl::StrCat("starting lambent-collector: ", said));
  }
  for (absl::string_view line : absl::StrSplit(ports, '\n')) {
    if (absl::ConsumePrefix(&line, "grpc=")) grpc_ = absl::StrCat("127.0.0.1:", line);
    if (absl::ConsumePrefix(&line, "http=")) http_ = absl::StrCat("http://127.0.0.1:", line, "/");
  }
  return absl::OkStatus();
}

void CollectorProcess::KillHard() {
  if (program_) program_->Stop(os::GroupSignal::kKill);
  program_.reset();
}

Finished CollectorProcess::StopGently() {
  Finished finished = program_->Stop(os::GroupSignal::kTerminate);
  program_.reset();
  return finished;
}

}  // namespace lambent::support
