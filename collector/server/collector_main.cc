// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/collector_main.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "collector/receive/protobuf_log.h"
#include "collector/server/collector.h"
#include "collector/server/collector_options.h"
#include "profiler/base/log.h"
#include "profiler/base/version.h"
#include "profiler/os/clock.h"
#include "profiler/os/poll.h"
#include "profiler/os/signal_watch.h"

namespace lambent::collector {
namespace {

constexpr int kWrongUsage = 2;
constexpr int kCouldNotStart = 4;

int Fail(int status, const std::string& message) {
  std::fprintf(stderr, "lambent-collector: %s\n", message.c_str());
  return status;
}

void WarnOfOpenAddress(const char* option, const Address& address,
                       const CollectorOptions& options) {
  const bool asks = !options.token_file.empty() || !options.tls_client_ca_file.empty();
  if (address.IsLoopback() || (asks && options.has_tls())) return;
  std::fprintf(stderr, "lambent-collector: %s %s is reachable from other machines and %s\n", option,
               address.ToString().c_str(),
               asks ? "speaks plain text: the token can be read on the way (see --tls-cert)"
                    : "there is no authentication: whoever reaches it can read and write the "
                      "profiles (see --token-file, --tls-client-ca)");
}

// It may still be made, so this is no error.
void WarnOfMissingFolders(const CollectorOptions& options) {
  for (const std::string& directory : options.debug_directories) {
    std::error_code error;
    if (std::filesystem::is_directory(directory, error)) continue;
    std::fprintf(stderr, "lambent-collector: --debug-dir %s: there is no such folder\n",
                 directory.c_str());
  }
}

bool WritePorts(const std::string& path, const Collector& collector) {
  if (path.empty()) return true;
  std::ofstream file(path, std::ios::trunc);
  file << "grpc=" << collector.grpc_port() << "\nhttp=" << collector.http_port() << "\n";
  file.flush();
  return file.good();
}

// Until the user wants an end.
absl::Status Wait(os::SignalWatch& signals) {
  for (;;) {
    std::vector<os::PollEntry> entries{{.fd = signals.fd(), .want_read = true}};
    if (absl::Status s = os::Poll(entries, -1); !s.ok()) return s;
    if (signals.Drain().stop) return absl::OkStatus();
  }
}

}  // namespace

int CollectorMain(int argc, char** argv) {
  const absl::StatusOr<CollectorOptions> options =
      ParseCollectorOptions(std::vector<std::string>(argv + 1, argv + argc));
  if (!options.ok()) {
    return Fail(kWrongUsage, absl::StrCat(options.status().message(), "; see --help"));
  }
  if (options->help) return std::fputs(std::string(CollectorUsage()).c_str(), stdout) < 0 ? 4 : 0;
  if (options->version) {
    return std::printf("lambent-collector %s\n", std::string(kVersion).c_str()) < 0 ? 4 : 0;
  }
  QuietProtobuf();
  // Before any thread starts, so that all of them leave the signals to this one.
  const absl::StatusOr<std::unique_ptr<os::SignalWatch>> signals = os::SignalWatch::Create();
  if (!signals.ok()) return Fail(kCouldNotStart, std::string(signals.status().message()));
  const absl::StatusOr<std::unique_ptr<Collector>> collector =
      Collector::Start(*options, os::RealClock());
  if (!collector.ok()) return Fail(kCouldNotStart, std::string(collector.status().message()));
  WarnOfOpenAddress("--grpc-address", options->grpc, *options);
  WarnOfOpenAddress("--http-address", options->http, *options);
  WarnOfMissingFolders(*options);
  if (!WritePorts(options->ports_file, **collector)) {
    return Fail(kCouldNotStart, absl::StrCat("write the ports file ", options->ports_file,
                                             ": is its folder there, and the disk not full?"));
  }
  Address grpc = options->grpc;
  grpc.port = (*collector)->grpc_port();
  Address http = options->http;
  http.port = (*collector)->http_port();
  std::printf("lambent-collector: grpc %s http %s://%s/ data %s\n", grpc.ToString().c_str(),
              options->has_tls() ? "https" : "http", http.ToString().c_str(),
              options->data_directory.c_str());
  std::fflush(stdout);
  const absl::Status ended = Wait(**signals);
  (*collector)->Stop();
  return ended.ok() ? 0 : Fail(kCouldNotStart, std::string(ended.message()));
}

}  // namespace lambent::collector
