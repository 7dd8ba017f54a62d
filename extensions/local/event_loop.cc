// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/event_loop.h"

#include <utility>
#include <vector>

#include "profiler/os/poll.h"

namespace lambent::local {

void EventLoop::Watch(int fd, bool read, bool write, Callback ready) {
  entries_[fd] = Entry{read, write, std::make_shared<Callback>(std::move(ready))};
}

void EventLoop::Forget(int fd) { entries_.erase(fd); }

absl::Status EventLoop::Turn(int64_t timeout_ns) {
  std::vector<os::PollEntry> polled;
  std::vector<std::shared_ptr<Callback>> callbacks;
  for (const auto& [fd, entry] : entries_) {
    polled.push_back({fd, entry.read, entry.write});
    callbacks.push_back(entry.ready);
  }
  if (absl::Status status = os::Poll(polled, timeout_ns); !status.ok()) return status;
  for (size_t i = 0; i < polled.size(); ++i) {
    if (!polled[i].readable && !polled[i].writable) continue;
    const auto entry = entries_.find(polled[i].fd);
    // Forgotten, or the number was given to another descriptor, by a callback before this one.
    if (entry == entries_.end() || entry->second.ready != callbacks[i]) continue;
    (*callbacks[i])();
  }
  return absl::OkStatus();
}

}  // namespace lambent::local
