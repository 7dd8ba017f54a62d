// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "extensions/lambda_api/http_message.h"
#include "extensions/local/event_loop.h"
#include "extensions/local/machine_action.h"
#include "profiler/os/loopback_socket.h"

namespace lambent::local {

struct HttpReply {
  int status = 200;
  HttpHeaders headers;
  std::string body;
  std::string content_type = "application/json";
};

// The HTTP/1.1 server of the three APIs on 127.0.0.1. A request is answered whenever Reply is
// called for its ticket, minutes later if need be: next is a long poll. Confined to the loop's
// thread.
class HttpServer {
 public:
  using Handler = std::function<void(Ticket, const HttpMessage&)>;

  // `loop` must outlive the server.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Create(EventLoop& loop, Handler handler);
  ~HttpServer();

  uint16_t port() const { return listener_.port; }

  // Ignored if the client is gone.
  void Reply(Ticket ticket, const HttpReply& reply);
  // Closes the connection without an answer.
  void Drop(Ticket ticket);

 private:
  struct Connection;
  HttpServer(EventLoop& loop, Handler handler, os::LoopbackListener listener);
  void Accept();
  void Serve(const std::shared_ptr<Connection>& connection);
  void Dispatch(const std::shared_ptr<Connection>& connection);
  void Write(const std::shared_ptr<Connection>& connection);
  void Close(const std::shared_ptr<Connection>& connection);
  void Watch(const std::shared_ptr<Connection>& connection);

  EventLoop& loop_;
  Handler handler_;
  os::LoopbackListener listener_;
  Ticket last_ticket_ = 0;
  std::map<int, std::shared_ptr<Connection>> connections_;
  std::map<Ticket, std::shared_ptr<Connection>> waiting_;
};

}  // namespace lambent::local
