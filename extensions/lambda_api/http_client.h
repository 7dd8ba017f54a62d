// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "extensions/lambda_api/http_message.h"
#include "profiler/os/stream_socket.h"

namespace lambent {

// A blocking HTTP/1.1 client of one server, over one connection that is kept between calls.
// Hand-written because the extension is a static program that must not look up names and must have
// registered a few milliseconds after its start. Thread-compatible.
class HttpClient {
 public:
  explicit HttpClient(os::Endpoint server) : server_(std::move(server)) {}

  // Sends `request` and waits for the response, at most until the deadline. A kept connection that
  // the server has closed meanwhile is replaced once. Errors: kUnavailable (nobody listens),
  // kAborted (the connection broke), kDeadlineExceeded, kDataLoss (the answer is not HTTP, is cut
  // short, or is over 1 MiB).
  absl::StatusOr<HttpMessage> Send(const HttpMessage& request, int64_t deadline_ns);

 private:
  // `*answered`: the server sent at least one byte, so the request must not be repeated.
  absl::StatusOr<HttpMessage> Exchange(std::string_view bytes, int64_t deadline_ns, bool* answered);

  const os::Endpoint server_;
  os::StreamSocket socket_;
};

}  // namespace lambent
