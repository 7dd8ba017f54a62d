// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"

#include "extensions/lambda_api/http_message.h"
#include "profiler/os/stream_socket.h"

namespace lambent {

// The HTTP server that the platform posts telemetry to. It answers 200 to whatever it gets: any
// other answer makes the platform send the same bytes again. It never logs, since its own log lines
// could come back as telemetry.
//
// Owns the listener thread. Bodies are kept up to 4 MiB; at most 16 connections at once, a further
// one replaces the oldest.
class TelemetryListener {
 public:
  // Gets the body of each request, on the listener thread.
  using BatchSink = std::function<void(std::string_view body)>;

  // Listens on all addresses (the platform calls from another link-local one), port 0: the kernel
  // picks.
  static absl::StatusOr<std::unique_ptr<TelemetryListener>> Start(BatchSink sink);

  ~TelemetryListener();

  uint16_t port() const { return listening_.port(); }
  // The destination to subscribe with: "http://sandbox.localdomain:PORT/".
  std::string uri() const;

 private:
  struct Connection {
    os::StreamSocket socket;
    HttpReader reader;
    bool told_to_continue = false;
  };

  TelemetryListener(os::ListeningSocket listening, BatchSink sink);
  void Run();
  bool AcceptOne();
  // False: the connection is to be closed.
  bool Serve(Connection& connection);

  os::ListeningSocket listening_;
  const BatchSink sink_;
  std::vector<std::unique_ptr<Connection>> connections_;  // confined to the listener thread
  std::thread thread_;
};

}  // namespace lambent
