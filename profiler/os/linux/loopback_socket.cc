// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/loopback_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace lambent::os {
namespace {

constexpr int kBacklog = 128;
constexpr size_t kReadChunkBytes = 64 * 1024;

sockaddr_in LoopbackAddress(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void SetNoDelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

absl::StatusOr<LoopbackListener> ListenOnLoopback(uint16_t port) {
  OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "create socket");
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = LoopbackAddress(port);
  socklen_t length = sizeof(address);
  sockaddr* raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd.get(), raw, length) != 0 || listen(fd.get(), kBacklog) != 0 ||
      getsockname(fd.get(), raw, &length) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("listen on 127.0.0.1:", port));
  }
  return LoopbackListener{std::move(fd), ntohs(address.sin_port)};
}

absl::StatusOr<OwnedFd> AcceptConnection(int listener) {
  OwnedFd fd(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) return absl::UnavailableError("accept connection: none waits");
  SetNoDelay(fd.get());
  return fd;
}

absl::StatusOr<OwnedFd> StartConnectToLoopback(uint16_t port) {
  OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "create socket");
  SetNoDelay(fd.get());
  sockaddr_in address = LoopbackAddress(port);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 &&
      errno != EINPROGRESS) {
    return absl::ErrnoToStatus(errno, absl::StrCat("connect to 127.0.0.1:", port));
  }
  return fd;
}

absl::Status FinishConnect(int fd) {
  int cause = 0;
  socklen_t length = sizeof(cause);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &length) != 0) cause = errno;
  return cause == 0 ? absl::OkStatus() : absl::ErrnoToStatus(cause, "connect");
}

IoState ReadAvailable(int fd, size_t max_bytes, std::string* to) {
  while (max_bytes > 0) {
    const size_t chunk = std::min(max_bytes, kReadChunkBytes);
    const size_t before = to->size();
    to->resize(before + chunk);
    const ssize_t got = read(fd, to->data() + before, chunk);
    const int cause = errno;
    to->resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got == 0) return IoState::kEnd;
    if (got < 0 && cause == EINTR) continue;
    if (got < 0) return cause == EAGAIN ? IoState::kWouldBlock : IoState::kEnd;
    max_bytes -= static_cast<size_t>(got);
    if (static_cast<size_t>(got) < chunk) return IoState::kDone;  // empty now, most likely
  }
  return IoState::kDone;
}

IoState WriteAvailable(int fd, std::string_view bytes, size_t* written) {
  while (!bytes.empty()) {
    const ssize_t put = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno == EAGAIN ? IoState::kWouldBlock : IoState::kEnd;
    *written += static_cast<size_t>(put);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return IoState::kDone;
}

}  // namespace lambent::os
