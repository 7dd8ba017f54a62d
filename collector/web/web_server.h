// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "collector/query/source_view.h"
#include "collector/receive/access_token.h"
#include "collector/receive/ingest_counters.h"
#include "collector/store/profile_store.h"
#include "profiler/os/clock.h"

namespace lambent::collector {

// Who is let in. Empty files: plain text; client_ca_file: only those with a certificate of it.
struct WebAccess {
  std::string certificate_file;  // PEM, as the next two
  std::string key_file;
  std::string client_ca_file;
  AccessToken token;  // /healthz goes without
};

// The collector's HTTP side, read only:
//
//   /            functions and invocations           /metrics  for Prometheus
//   /flamegraph  HTML flame graph of a selection     /healthz  "ok" while the store can be read
//   /export      a selection in &format=             /diff     base_… against compare_…
//
// Selections are parameters (parameters.h). Thread-safe.
class WebServer {
 public:
  virtual ~WebServer() = default;  // as Stop

  // Listens on host:port (0: any free one) and serves from threads of its own. All references, and
  // what `view` refers to, must outlive it. UNAVAILABLE when the address cannot be had,
  // INVALID_ARGUMENT when the files of `access` are not what they should be.
  static absl::StatusOr<std::unique_ptr<WebServer>> Create(
      const std::string& host, int port, ProfileStore& store, const IngestCounters& counters,
      const os::Clock& clock, const WebAccess& access = {}, const SourceView& view = {});

  virtual int port() const = 0;
  // Ends listening, waits for answers under way.
  virtual void Stop() = 0;
};

}  // namespace lambent::collector
