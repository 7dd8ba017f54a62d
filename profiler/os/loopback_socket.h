// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "profiler/os/owned_fd.h"

namespace lambent::os {

// TCP on 127.0.0.1 that never blocks, for programs with one event loop (see poll.h).

struct LoopbackListener {
  OwnedFd fd;
  uint16_t port = 0;
};

// Listens on 127.0.0.1; port 0 lets the kernel pick.
absl::StatusOr<LoopbackListener> ListenOnLoopback(uint16_t port);

// The next waiting connection (TCP_NODELAY); Unavailable when none waits.
absl::StatusOr<OwnedFd> AcceptConnection(int listener);

// Begins to connect to 127.0.0.1:port. The socket becomes writable when that has ended; then
// FinishConnect tells how.
absl::StatusOr<OwnedFd> StartConnectToLoopback(uint16_t port);
absl::Status FinishConnect(int fd);

enum class IoState { kDone, kWouldBlock, kEnd };  // kEnd: end of file, or broken

// Reads what is there, at most max_bytes, and appends it to *to. For sockets and pipes.
IoState ReadAvailable(int fd, size_t max_bytes, std::string* to);

// Writes what fits of `bytes` to a socket and adds the count to *written. Never raises SIGPIPE.
IoState WriteAvailable(int fd, std::string_view bytes, size_t* written);

}  // namespace lambent::os
