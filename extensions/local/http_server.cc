// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/http_server.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace lambent::local {
namespace {

// Above the largest answer Lambda takes (6 MB, streamed 200 MB), so that one too large is still
// read whole and refused with 413.
constexpr size_t kMaxBodyBytes = size_t{32} << 20;
constexpr size_t kReadBytes = size_t{1} << 20;

const char* Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 413:
      return "Payload Too Large";
    default:
      return "Status";
  }
}

}  // namespace

struct HttpServer::Connection {
  os::OwnedFd fd;
  HttpReader reader{HttpReader::Kind::kRequest, kMaxBodyBytes};
  Ticket ticket = 0;  // of the request that waits for its answer
  bool keep_alive = true;
  bool continued = false;  // "100 Continue" was sent for this request
  std::string output;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Create(EventLoop& loop, Handler handler) {
  absl::StatusOr<os::LoopbackListener> listener = os::ListenOnLoopback(0);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<HttpServer>(
      new HttpServer(loop, std::move(handler), *std::move(listener)));
}

HttpServer::HttpServer(EventLoop& loop, Handler handler, os::LoopbackListener listener)
    : loop_(loop), handler_(std::move(handler)), listener_(std::move(listener)) {
  loop_.Watch(listener_.fd.get(), /*read=*/true, /*write=*/false, [this] { Accept(); });
}

HttpServer::~HttpServer() {
  loop_.Forget(listener_.fd.get());
  for (const auto& [fd, connection] : connections_) loop_.Forget(fd);
}

void HttpServer::Accept() {
  while (true) {
    absl::StatusOr<os::OwnedFd> fd = os::AcceptConnection(listener_.fd.get());
    if (!fd.ok()) return;
    auto connection = std::make_shared<Connection>();
    connection->fd = *std::move(fd);
    connections_[connection->fd.get()] = connection;
    Watch(connection);
  }
}

void HttpServer::Watch(const std::shared_ptr<Connection>& connection) {
  loop_.Watch(connection->fd.get(), /*read=*/true, /*write=*/!connection->output.empty(),
              [this, connection] { Serve(connection); });
}

void HttpServer::Serve(const std::shared_ptr<Connection>& connection) {
  if (!connection->output.empty()) Write(connection);
  if (!connection->fd.valid()) return;
  std::string bytes;
  const os::IoState state = os::ReadAvailable(connection->fd.get(), kReadBytes, &bytes);
  if (!connection->reader.Feed(bytes).ok() || state == os::IoState::kEnd) {
    Close(connection);
    return;
  }
  Dispatch(connection);
}

void HttpServer::Dispatch(const std::shared_ptr<Connection>& connection) {
  if (connection->ticket != 0) return;  // one request at a time; the next stays in the reader
  if (!connection->reader.complete()) {
    if (connection->reader.expects_continue() && !std::exchange(connection->continued, true)) {
      connection->output += "HTTP/1.1 100 Continue\r\n\r\n";
      Write(connection);
    }
    return;
  }
  const HttpMessage request = connection->reader.Take();
  connection->continued = false;
  connection->keep_alive = request.keep_alive;
  connection->ticket = ++last_ticket_;
  waiting_[connection->ticket] = connection;
  handler_(connection->ticket, request);
}

void HttpServer::Reply(Ticket ticket, const HttpReply& reply) {
  const auto waiting = waiting_.find(ticket);
  if (waiting == waiting_.end()) return;
  const std::shared_ptr<Connection> connection = waiting->second;
  waiting_.erase(waiting);
  connection->ticket = 0;
  std::string& output = connection->output;
  absl::StrAppend(&output, "HTTP/1.1 ", reply.status, " ", Reason(reply.status),
                  "\r\nContent-Type: ", reply.content_type,
                  "\r\nContent-Length: ", reply.body.size(), "\r\n");
  for (const auto& [name, value] : reply.headers) {
    absl::StrAppend(&output, name, ": ", value, "\r\n");
  }
  if (!connection->keep_alive) absl::StrAppend(&output, "Connection: close\r\n");
  absl::StrAppend(&output, "\r\n", reply.body);
  Write(connection);
  if (connection->fd.valid()) Dispatch(connection);
}

void HttpServer::Drop(Ticket ticket) {
  const auto waiting = waiting_.find(ticket);
  if (waiting != waiting_.end()) Close(std::shared_ptr<Connection>(waiting->second));
}

void HttpServer::Write(const std::shared_ptr<Connection>& connection) {
  size_t written = 0;
  const os::IoState state = os::WriteAvailable(connection->fd.get(), connection->output, &written);
  connection->output.erase(0, written);
  const bool finished =
      connection->output.empty() && connection->ticket == 0 && !connection->keep_alive;
  if (state == os::IoState::kEnd || finished) {
    Close(connection);
    return;
  }
  Watch(connection);
}

void HttpServer::Close(const std::shared_ptr<Connection>& connection) {
  if (!connection->fd.valid()) return;
  const int fd = connection->fd.get();
  loop_.Forget(fd);
  waiting_.erase(connection->ticket);
  connection->fd.Close();
  connections_.erase(fd);  // the caller's shared_ptr keeps the object until it returns
}

}  // namespace lambent::local
