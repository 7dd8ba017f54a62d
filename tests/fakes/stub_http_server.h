// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"

#include "extensions/lambda_api/http_message.h"
#include "profiler/os/stream_socket.h"

namespace lambent::fakes {

// What a stub server does with one request.
struct StubAnswer {
  std::string bytes;   // sent as they are, well formed or not
  bool close = false;  // the connection ends after them
};

// An ordinary JSON answer.
inline StubAnswer JsonAnswer(int status, const std::string& body, const HttpHeaders& headers = {}) {
  std::string bytes = absl::StrCat(
      "HTTP/1.1 ", status,
      " Stub\r\nContent-Type: application/json\r\nContent-Length: ", body.size(), "\r\n");
  for (const auto& [name, value] : headers) absl::StrAppend(&bytes, name, ": ", value, "\r\n");
  return {absl::StrCat(bytes, "\r\n", body)};
}

// An HTTP server on loopback whose answers a test decides. One thread a connection, so a handler
// may wait, as /event/next does; whatever a handler waits for must end before the server is
// destroyed.
class StubHttpServer {
 public:
  // Called on the connection's thread, several at once.
  using Handler = std::function<StubAnswer(const HttpMessage&)>;

  explicit StubHttpServer(Handler handler)
      : handler_(std::move(handler)),
        listening_(std::move(os::ListeningSocket::Create({"127.0.0.1", 0}).value())),
        thread_([this] { AcceptAll(); }) {}

  ~StubHttpServer() {
    listening_.Wake();
    thread_.join();
    for (std::thread& connection : connections_) connection.join();
  }

  os::Endpoint endpoint() const { return {"127.0.0.1", listening_.port()}; }

  // Requests in the order they arrived.
  std::vector<HttpMessage> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }
  int connection_count() const {
    absl::MutexLock lock(&mutex_);
    return connection_count_;
  }

 private:
  void AcceptAll() {
    for (;;) {
      absl::StatusOr<os::StreamSocket> socket = listening_.Accept(os::kNoDeadline);
      if (!socket.ok()) return;
      {
        absl::MutexLock lock(&mutex_);
        ++connection_count_;
      }
      connections_.emplace_back([this, owned = std::make_shared<os::StreamSocket>(
                                           *std::move(socket))] { Serve(*owned); });
    }
  }

  void Serve(os::StreamSocket& socket) {
    HttpReader reader(HttpReader::Kind::kRequest, 1 << 20);
    std::array<char, 4096> chunk;
    for (;;) {
      while (!reader.complete()) {
        const absl::StatusOr<size_t> got = socket.Read(absl::MakeSpan(chunk), os::kNoDeadline);
        if (!got.ok() || *got == 0 || !reader.Feed({chunk.data(), *got}).ok()) return;
      }
      const HttpMessage request = reader.Take();
      {
        absl::MutexLock lock(&mutex_);
        requests_.push_back(request);
      }
      const StubAnswer answer = handler_(request);
      if (!socket.Write(answer.bytes, os::kNoDeadline).ok() || answer.close) return;
    }
  }

  const Handler handler_;
  os::ListeningSocket listening_;
  mutable absl::Mutex mutex_;
  std::vector<HttpMessage> requests_ ABSL_GUARDED_BY(mutex_);
  int connection_count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> connections_;  // confined to the accepting thread until it is joined
  std::thread thread_;                    // last: uses everything above
};

}  // namespace lambent::fakes
