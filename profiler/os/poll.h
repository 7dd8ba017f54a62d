// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"

namespace lambent::os {

// One descriptor to wait for, and what became of it.
struct PollEntry {
  int fd = -1;
  bool want_read = false;
  bool want_write = false;
  bool readable = false;  // also on end of file, hang-up and error: reading tells
  bool writable = false;
};

// Waits until an entry is ready or timeout_ns has passed (negative: for ever; 0: only looks), and
// sets readable and writable in each. An interruption by a signal is a return with nothing ready.
// ppoll(2).
absl::Status Poll(std::vector<PollEntry>& entries, int64_t timeout_ns);

}  // namespace lambent::os
