// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "absl/status/status.h"

namespace lambent::local {

// One thread's wait for descriptors. Everything of `lambent local` runs on it, so nothing needs a
// lock and a long poll costs a map entry, not a thread. Confined to the main thread.
class EventLoop {
 public:
  using Callback = std::function<void()>;

  // Calls `ready` whenever `fd` can be read (or written); replaces what was said of fd before.
  void Watch(int fd, bool read, bool write, Callback ready);
  // Call before closing fd.
  void Forget(int fd);

  // Waits at most timeout_ns (negative: for ever) and calls what became ready.
  absl::Status Turn(int64_t timeout_ns);

 private:
  struct Entry {
    bool read = false;
    bool write = false;
    std::shared_ptr<Callback> ready;  // shared: a callback may forget itself
  };
  std::map<int, Entry> entries_;
};

}  // namespace lambent::local
