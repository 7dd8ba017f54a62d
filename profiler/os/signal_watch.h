// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"

namespace lambent::os {

// Turns SIGINT, SIGTERM, SIGHUP and SIGCHLD into a descriptor to poll. They stay blocked in the
// calling thread while this lives; start no threads before that should not inherit the mask.
// Confined to the thread that created it.
class SignalWatch {
 public:
  struct Pending {
    bool child = false;  // a child changed state
    bool stop = false;   // the user wants an end
    // The signal that says so; and whether a process sent it to us alone (kill) rather than the
    // terminal to all of its foreground group (Ctrl-C).
    int stop_signal = 0;
    bool stop_sent_to_us = false;
  };

  virtual ~SignalWatch() = default;
  static absl::StatusOr<std::unique_ptr<SignalWatch>> Create();

  // Readable when a signal is pending. signalfd(2).
  virtual int fd() const = 0;
  // Takes what is pending; never blocks.
  virtual Pending Drain() = 0;
};

}  // namespace lambent::os
