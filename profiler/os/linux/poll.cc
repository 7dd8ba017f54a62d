// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/poll.h"

#include <poll.h>

#include <cerrno>
#include <ctime>

namespace lambent::os {

absl::Status Poll(std::vector<PollEntry>& entries, int64_t timeout_ns) {
  std::vector<pollfd> fds;
  fds.reserve(entries.size());
  for (const PollEntry& entry : entries) {
    pollfd one{};
    one.fd = entry.fd;
    if (entry.want_read) one.events = static_cast<short>(one.events | POLLIN);
    if (entry.want_write) one.events = static_cast<short>(one.events | POLLOUT);
    fds.push_back(one);
  }
  const timespec limit{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  const int ready = ppoll(fds.data(), fds.size(), timeout_ns < 0 ? nullptr : &limit, nullptr);
  if (ready < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
  for (size_t i = 0; i < entries.size(); ++i) {
    const int got = ready > 0 ? fds[i].revents : 0;
    const bool broken = (got & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    entries[i].readable = entries[i].want_read && (broken || (got & POLLIN) != 0);
    entries[i].writable = entries[i].want_write && (broken || (got & POLLOUT) != 0);
  }
  return absl::OkStatus();
}

}  // namespace lambent::os
