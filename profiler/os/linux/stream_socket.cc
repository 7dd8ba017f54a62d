// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/stream_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "profiler/base/absl_view.h"
#include "profiler/os/clock.h"

namespace lambent::os {
namespace {

absl::Status ErrnoStatus(const std::string& what, int error) {
  // Every cause means the same to a caller: this connection is of no use.
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(error)));
}

// Milliseconds for poll(2), rounded up so that waiting never ends early; -1 waits for ever.
int PollTimeoutMs(int64_t deadline_ns) {
  if (deadline_ns == kNoDeadline) return -1;
  const int64_t left = deadline_ns - RealClock().MonotonicNs();
  if (left <= 0) return 0;
  return static_cast<int>(std::min<int64_t>((left + 999'999) / 1'000'000, 1'000'000'000));
}

// Waits for `events` on one descriptor. OK also for errors and hang-ups: the next call tells.
absl::Status WaitFor(int fd, int16_t events, int64_t deadline_ns, const std::string& what) {
  for (;;) {
    pollfd entry{fd, events, 0};
    const int ready = poll(&entry, 1, PollTimeoutMs(deadline_ns));
    if (ready > 0) return absl::OkStatus();
    if (ready == 0) return absl::DeadlineExceededError(absl::StrCat(what, ": timed out"));
    if (errno != EINTR) return ErrnoStatus(what, errno);
  }
}

absl::StatusOr<sockaddr_in> ToSockaddr(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  if (inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("use address \"", endpoint.host, "\": not a numeric IPv4 address"));
  }
  return address;
}

const sockaddr* Generic(const sockaddr_in* address) {
  return reinterpret_cast<const sockaddr*>(address);
}

}  // namespace

absl::StatusOr<Endpoint> Endpoint::Parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  if (colon == std::string_view::npos ||
      !absl::SimpleAtoi(AbslView(text.substr(colon + 1)), &port) || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("read address \"", AbslView(text), "\": expected host:port"));
  }
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  Endpoint endpoint{std::move(host), static_cast<uint16_t>(port)};
  if (absl::Status numeric = ToSockaddr(endpoint).status(); !numeric.ok()) return numeric;
  return endpoint;
}

std::string Endpoint::ToString() const { return absl::StrCat(host, ":", port); }

absl::StatusOr<StreamSocket> StreamSocket::Connect(const Endpoint& endpoint, int64_t deadline_ns) {
  const std::string what = absl::StrCat("connect to ", endpoint.ToString());
  const absl::StatusOr<sockaddr_in> address = ToSockaddr(endpoint);
  if (!address.ok()) return address.status();
  OwnedFd descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor.valid()) return ErrnoStatus(what, errno);
  const int on = 1;
  // Small requests, each waiting for its answer: Nagle's algorithm could only delay them.
  setsockopt(descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(descriptor.get(), Generic(&*address), sizeof(*address)) != 0) {
    if (errno != EINPROGRESS) return ErrnoStatus(what, errno);
    if (absl::Status waited = WaitFor(descriptor.get(), POLLOUT, deadline_ns, what); !waited.ok()) {
      return waited;
    }
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(descriptor.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return ErrnoStatus(what, error);
  }
  return StreamSocket(std::move(descriptor));
}

absl::StatusOr<size_t> StreamSocket::Read(absl::Span<char> into, int64_t deadline_ns) {
  for (;;) {
    const ssize_t got = recv(descriptor_.get(), into.data(), into.size(), 0);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return ErrnoStatus("read from socket", errno);
    if (absl::Status waited = WaitFor(descriptor_.get(), POLLIN, deadline_ns, "read from socket");
        !waited.ok()) {
      return waited;
    }
  }
}

absl::Status StreamSocket::Write(std::string_view bytes, int64_t deadline_ns) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return ErrnoStatus("write to socket", errno);
    if (absl::Status waited = WaitFor(descriptor_.get(), POLLOUT, deadline_ns, "write to socket");
        !waited.ok()) {
      return waited;
    }
  }
  return absl::OkStatus();
}

bool StreamSocket::Stale() const {
  char byte = 0;
  const ssize_t got = recv(descriptor_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return !(got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

absl::StatusOr<ListeningSocket> ListeningSocket::Create(const Endpoint& endpoint) {
  const std::string what = absl::StrCat("listen on ", endpoint.ToString());
  const absl::StatusOr<sockaddr_in> address = ToSockaddr(endpoint);
  if (!address.ok()) return address.status();
  ListeningSocket listening;
  listening.descriptor_ = OwnedFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = listening.descriptor_.get();
  if (fd < 0) return ErrnoStatus(what, errno);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in bound{};
  socklen_t size = sizeof(bound);
  if (bind(fd, Generic(&*address), sizeof(*address)) != 0 || listen(fd, 128) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return ErrnoStatus(what, errno);
  }
  listening.port_ = ntohs(bound.sin_port);
  return listening;
}

absl::StatusOr<StreamSocket> ListeningSocket::Accept(int64_t deadline_ns) {
  for (;;) {
    const int fd = accept4(descriptor_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) return StreamSocket(OwnedFd(fd));
    if (errno == EINVAL) return absl::CancelledError("accept a connection: woken");
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return ErrnoStatus("accept a connection", errno);
    if (absl::Status waited =
            WaitFor(descriptor_.get(), POLLIN, deadline_ns, "accept a connection");
        !waited.ok()) {
      return waited;
    }
  }
}

void ListeningSocket::Wake() { shutdown(descriptor_.get(), SHUT_RDWR); }

}  // namespace lambent::os
