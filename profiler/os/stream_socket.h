// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "profiler/os/owned_fd.h"

namespace lambent::os {

// Deadlines here are readings of CLOCK_MONOTONIC (Clock::MonotonicNs). That clock goes on while a
// Lambda environment is frozen, so whatever must survive a freeze takes kNoDeadline.
inline constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

// Where to connect or listen. IPv4 only; a name is never looked up, because a static program that
// calls getaddrinfo aborts on some hosts (an nsswitch.conf that names installed modules).
struct Endpoint {
  std::string host;  // dotted quad
  uint16_t port = 0;

  // Reads "127.0.0.1:9001" or "localhost:9001". kInvalidArgument for anything else.
  static absl::StatusOr<Endpoint> Parse(std::string_view text);
  std::string ToString() const;
};

// A connected TCP stream, move-only; thread-compatible. Nothing here raises SIGPIPE.
// Errors: kDeadlineExceeded, or kUnavailable when the peer is not or no longer there.
class StreamSocket {
 public:
  StreamSocket() = default;
  explicit StreamSocket(OwnedFd descriptor) : descriptor_(std::move(descriptor)) {}

  static absl::StatusOr<StreamSocket> Connect(const Endpoint& endpoint, int64_t deadline_ns);

  // Waits until something is there and reads at most `into.size()` bytes; 0 is the end of stream.
  absl::StatusOr<size_t> Read(absl::Span<char> into, int64_t deadline_ns);

  // Writes all of `bytes`.
  absl::Status Write(std::string_view bytes, int64_t deadline_ns);

  // True if the peer has closed, or sent what nobody asked for: a kept connection not to use again.
  bool Stale() const;

  bool open() const { return descriptor_.valid(); }
  int descriptor() const { return descriptor_.get(); }

 private:
  OwnedFd descriptor_;
};

// A TCP socket that accepts connections. Thread-compatible, except Wake().
class ListeningSocket {
 public:
  ListeningSocket() = default;

  // Port 0: the kernel picks one, see port().
  static absl::StatusOr<ListeningSocket> Create(const Endpoint& endpoint);

  uint16_t port() const { return port_; }
  int descriptor() const { return descriptor_.get(); }

  // Waits for the next connection. kCancelled after Wake().
  absl::StatusOr<StreamSocket> Accept(int64_t deadline_ns);

  // Makes this and every later Accept return, and the descriptor readable for poll. Thread-safe.
  void Wake();

 private:
  OwnedFd descriptor_;
  uint16_t port_ = 0;
};

}  // namespace lambent::os
