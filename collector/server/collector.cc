// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/collector.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/server_builder.h"

#include "collector/receive/limits.h"
#include "collector/server/access.h"
#include "grpc/support/log.h"

namespace lambent::collector {
namespace {

// A batch and what the wire adds to it.
constexpr int kMaxMessageBytes = static_cast<int>(kMaxContentBytes) + (1 << 20);
// What gRPC may hold of messages on their way, over all streams.
constexpr size_t kMessageMemoryBytes = size_t{512} << 20;

// Never the path a module had in its environment: that file is not of this machine.
DebugFileSearch DebugFilesOf(const CollectorOptions& options) {
  DebugFileSearch search;
  search.debug_directories.insert(search.debug_directories.begin(),
                                  options.debug_directories.begin(),
                                  options.debug_directories.end());
  return search;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Collector>> Collector::Start(const CollectorOptions& options,
                                                            const os::Clock& clock) {
  absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Create(options.data_directory);
  if (!store.ok()) return store.status();
  absl::StatusOr<AccessToken> token = TokenOf(options);
  if (!token.ok()) return token.status();
  std::unique_ptr<Collector> collector(
      new Collector(*std::move(store), *std::move(token), options, clock));
  if (absl::Status s = collector->Listen(options, clock); !s.ok()) return s;
  return collector;
}

Collector::Collector(std::unique_ptr<SqliteStore> store, AccessToken token,
                     const CollectorOptions& options, const os::Clock& clock)
    : store_(std::move(store)),
      token_(std::move(token)),
      symbolizer_(DebugFilesOf(options)),
      ingest_(*store_, counters_, clock, token_),
      query_(*store_, counters_, options.data_directory, absl::ToUnixMicros(clock.UnixTime()),
             token_, {.symbolizer = &symbolizer_}) {}

Collector::~Collector() { Stop(); }

absl::Status Collector::Listen(const CollectorOptions& options, const os::Clock& clock) {
  const absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> credentials =
      CredentialsOf(options);
  if (!credentials.ok()) return credentials.status();
  const WebAccess access{options.tls_certificate_file, options.tls_key_file,
                         options.tls_client_ca_file, token_};
  absl::StatusOr<std::unique_ptr<WebServer>> web =
      WebServer::Create(options.http.host, options.http.port, *store_, counters_, clock, access,
                        {.symbolizer = &symbolizer_});
  if (!web.ok()) return web.status();
  web_ = *std::move(web);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.grpc.ToString(), *credentials, &grpc_port_);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetResourceQuota(grpc::ResourceQuota("lambent-collector").Resize(kMessageMemoryBytes));
  // Two collectors must not share one port unnoticed.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A frozen environment does not answer pings, and its stream need not survive: it comes again.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.RegisterService(&ingest_);
  builder.RegisterService(&query_);
  // gRPC would tell what the error below says, in its own words.
  gpr_set_log_function([](gpr_log_func_args*) {});
  grpc_ = builder.BuildAndStart();
  gpr_set_log_function(nullptr);
  if (grpc_ == nullptr || grpc_port_ == 0) {
    return absl::UnavailableError(absl::StrCat(
        "listen for grpc on ", options.grpc.ToString(),
        ": the address is in use (another lambent-collector?) or not of this machine; choose "
        "another with --grpc-address"));
  }
  return absl::OkStatus();
}

void Collector::Stop() {
  if (grpc_ != nullptr) {
    grpc_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
    grpc_->Wait();
    grpc_ = nullptr;
  }
  if (web_ != nullptr) web_->Stop();
}

}  // namespace lambent::collector
