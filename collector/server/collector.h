// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/server.h"

#include "collector/receive/access_token.h"
#include "collector/receive/ingest_counters.h"
#include "collector/server/collector_options.h"
#include "collector/server/ingest_service.h"
#include "collector/server/query_service.h"
#include "collector/store/sqlite_store.h"
#include "collector/symbolize/symbolizer.h"
#include "collector/web/web_server.h"
#include "profiler/os/clock.h"

namespace lambent::collector {

// A running collector: store, gRPC (Ingest, Query, health, reflection) and HTTP. Thread-compatible.
class Collector {
 public:
  // Opens the store, then listens. `clock` must outlive it. Errors: what could not be had, for
  // people.
  static absl::StatusOr<std::unique_ptr<Collector>> Start(const CollectorOptions& options,
                                                          const os::Clock& clock);
  // As Stop.
  ~Collector();

  int grpc_port() const { return grpc_port_; }
  int http_port() const { return web_->port(); }
  ProfileStore& store() { return *store_; }
  const IngestCounters& counters() const { return counters_; }

  // Ends streams and answers under way (those that take long are cancelled after a second). What
  // was not acknowledged comes again to whoever is next.
  void Stop();

 private:
  Collector(std::unique_ptr<SqliteStore> store, AccessToken token, const CollectorOptions& options,
            const os::Clock& clock);
  absl::Status Listen(const CollectorOptions& options, const os::Clock& clock);

  const std::unique_ptr<SqliteStore> store_;
  const AccessToken token_;
  IngestCounters counters_;
  Symbolizer symbolizer_;
  IngestService ingest_;
  QueryService query_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<WebServer> web_;
  int grpc_port_ = 0;
};

}  // namespace lambent::collector
