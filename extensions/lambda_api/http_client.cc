// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/http_client.h"

#include <array>

#include "absl/types/span.h"

namespace lambent {
namespace {

constexpr size_t kMaxBodyBytes = 1 << 20;

// An error of an open connection: not the same as nobody listening.
absl::Status Broken(const absl::Status& cause) {
  return absl::IsUnavailable(cause) ? absl::AbortedError(cause.message()) : cause;
}

}  // namespace

absl::StatusOr<HttpMessage> HttpClient::Send(const HttpMessage& request, int64_t deadline_ns) {
  const std::string bytes = SerializeRequest(server_.ToString(), request);
  if (socket_.open() && !socket_.Stale()) {
    bool answered = false;
    absl::StatusOr<HttpMessage> response = Exchange(bytes, deadline_ns, &answered);
    // Between Stale() and the write the server may still have closed: once more, on a new
    // connection.
    const bool retry = !answered && absl::IsAborted(response.status());
    if (!retry) return response;
  }
  absl::StatusOr<os::StreamSocket> connected = os::StreamSocket::Connect(server_, deadline_ns);
  if (!connected.ok()) return connected.status();
  socket_ = *std::move(connected);
  bool answered = false;
  return Exchange(bytes, deadline_ns, &answered);
}

absl::StatusOr<HttpMessage> HttpClient::Exchange(std::string_view bytes, int64_t deadline_ns,
                                                 bool* answered) {
  // Whatever goes wrong, the connection is of no further use: moved out, it closes on return.
  os::StreamSocket socket = std::move(socket_);
  if (absl::Status sent = socket.Write(bytes, deadline_ns); !sent.ok()) return Broken(sent);
  HttpReader reader(HttpReader::Kind::kResponse, kMaxBodyBytes);
  std::array<char, 4096> chunk;
  while (!reader.complete()) {
    const absl::StatusOr<size_t> got = socket.Read(absl::MakeSpan(chunk), deadline_ns);
    if (!got.ok()) return Broken(got.status());
    if (*got == 0 && !*answered) {
      return absl::AbortedError("read http response: the server closed without an answer");
    }
    *answered = true;
    const absl::Status fed =
        *got == 0 ? reader.FeedEnd() : reader.Feed(std::string_view(chunk.data(), *got));
    if (!fed.ok()) return fed;
  }
  HttpMessage response = reader.Take();
  if (response.truncated) return absl::DataLossError("read http response: body over 1 MiB");
  if (response.keep_alive && reader.untouched()) socket_ = std::move(socket);
  return response;
}

}  // namespace lambent
