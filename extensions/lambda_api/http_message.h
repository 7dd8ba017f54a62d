// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lambent {

// Header fields in the order they came; names are compared without regard to case.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The first value of `name`, or empty.
std::string_view HeaderOf(const HttpHeaders& headers, std::string_view name);

// One HTTP/1.1 message (RFC 9112). Request or response by context.
struct HttpMessage {
  std::string method;  // of a request
  std::string target;  // of a request
  int status = 0;      // of a response
  HttpHeaders headers;
  std::string body;
  // The body was longer than the reader keeps; `body` is its beginning.
  bool truncated = false;
  // The connection may carry another message.
  bool keep_alive = true;
};

// The bytes of a request, with Host and Content-Length added.
std::string SerializeRequest(std::string_view host, const HttpMessage& request);

// Reads HTTP/1.1 messages from bytes as they arrive: Content-Length, chunked, or until the end of
// the stream; the bytes are not trusted. Bounds: 16 KiB and 64 fields of head; of a body
// `max_body_bytes` are kept and the rest is passed over. A value without effects;
// thread-compatible.
class HttpReader {
 public:
  enum class Kind { kRequest, kResponse };

  HttpReader(Kind kind, size_t max_body_bytes) : kind_(kind), max_body_bytes_(max_body_bytes) {}

  // Takes bytes from the peer. An error is final: the connection is to be closed.
  absl::Status Feed(std::string_view bytes);

  // Says that the peer has closed. OK if that completed a message or fell between two.
  absl::Status FeedEnd();

  bool complete() const { return state_ == State::kComplete; }
  // No byte of the current message has been seen.
  bool untouched() const { return state_ == State::kHead && buffer_.empty(); }
  // The peer waits for "100 Continue" before it sends the body.
  bool expects_continue() const;

  // The message. REQUIRES complete(). The reader goes on with the next one, with what it was fed.
  HttpMessage Take();

 private:
  enum class State {
    kHead,
    kLength,
    kUntilClose,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailer,
    kComplete
  };

  absl::Status Advance();
  absl::StatusOr<bool> Step();  // false: needs more bytes
  absl::Status ParseHead(std::string_view head);
  absl::Status ParseStartLine(std::string_view line);
  absl::Status ChooseBody();
  absl::StatusOr<bool> StepChunked();
  bool MoveBody();  // true: the counted part of the body is done
  bool TakeLine(std::string_view* line);
  std::string_view pending() const { return std::string_view(buffer_).substr(used_); }

  const Kind kind_;
  const size_t max_body_bytes_;
  State state_ = State::kHead;
  std::string buffer_;  // fed; the first used_ bytes are done with
  size_t used_ = 0;
  uint64_t remaining_ = 0;
  HttpMessage message_;
  absl::Status error_;
};

}  // namespace lambent
