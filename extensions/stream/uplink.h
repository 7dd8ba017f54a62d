// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

#include "extensions/stream/batch_stream.h"
#include "extensions/stream/outbox.h"
#include "extensions/stream/uplink_options.h"
#include "profiler/base/phase.h"
#include "profiler/os/clock.h"

namespace lambent {

// Brings the outbox to the collector. Owns the uplink thread, which alone speaks gRPC: it connects
// in the background, says Hello, resends what is not durable, sends new batches as the flush policy
// says, and connects again with backoff whenever the stream ends, stalls or was frozen too long.
// Nothing here can hold up the function. Thread-safe.
class Uplink {
 public:
  // Called on the uplink thread; must not block.
  struct Callbacks {
    // The collector's wishes (lambent.v1.Config).
    std::function<void(uint32_t sample_hz, bool paused)> on_config;
    // A good moment to send: cut what is settled (Session::RequestFlush).
    std::function<void()> request_batch;
  };

  // `clock`, `outbox` must outlive the uplink. `open` makes one connection attempt
  // (GrpcStreamOpener); it is called on the uplink thread only, so gRPC starts there.
  Uplink(UplinkOptions options, Greeting greeting, os::Clock& clock, Outbox& outbox,
         StreamOpener open, Callbacks callbacks);
  // Stops, without delivering what still waits; joins the thread.
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  // Starts the thread and the first connection. Not before the first INVOKE under SnapStart.
  void Start();

  // The environment entered a phase; `deadline` is the invocation's. Never blocks.
  void OnPhase(Phase phase, absl::Time deadline = absl::InfiniteFuture());

  // What is known only after registration or attaching (handler, runtime, rungs). Used from the
  // next Hello on; call before Start for the first.
  void SetGreeting(Greeting greeting);

  // Something was put into the outbox (Outbox's on_put). Never blocks.
  void Wake();

  // Delivers everything, as far as possible, by `deadline` (2 s after SHUTDOWN less a margin), then
  // stops. Returns true when the outbox is empty. Gives up early when the collector refuses
  // connections. Blocks the caller.
  bool FinalFlush(absl::Time deadline);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace lambent
