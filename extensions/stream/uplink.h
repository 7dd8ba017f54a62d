// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

#include "extensions/stream/batch_stream.h"
#include "extensions/stream/delivery.h"
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
  // `clock`, `outbox`, `symbols` (null: none are provided) must outlive the uplink. `open` makes
  // one connection attempt (GrpcStreamOpener); it is called on the uplink thread only, so gRPC
  // starts there.
  Uplink(const UplinkOptions& options, Greeting greeting, os::Clock& clock, Outbox& outbox,
         StreamOpener open, UplinkCallbacks callbacks, SymbolSource* symbols = nullptr);
  ~Uplink() { Stop(); }
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  // Starts the thread and the first connection. Not before the first INVOKE under SnapStart.
  void Start();

  // The environment entered a phase; `deadline` is the invocation's. Never blocks.
  void OnPhase(Phase phase, absl::Time deadline = absl::InfiniteFuture());

  // What is known only after registration or attaching (handler, runtime, rungs). The collector is
  // told before the next batch.
  void SetGreeting(Greeting greeting);

  // Something was put into the outbox (Outbox's on_put), or symbols are ready. Never blocks.
  void Wake();

  // Delivers everything, as far as possible, by `deadline` (2 s after SHUTDOWN less a margin), then
  // stops. Returns true when the outbox is empty. Gives up early when the collector refuses
  // connections. Blocks the caller.
  bool FinalFlush(absl::Time deadline);

  // Stops, without delivering what still waits; joins the thread. After it, `symbols` and the
  // callbacks are not used any more, and the other methods do nothing. Not to be called by two
  // threads at once.
  void Stop();

 private:
  void Run();
  StreamEvent Wait(absl::Duration wait) ABSL_LOCKS_EXCLUDED(mutex_);
  void WakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  os::Clock& clock_;
  Outbox& outbox_;
  Delivery delivery_;  // confined to the uplink thread

  absl::Mutex mutex_;
  Surroundings around_ ABSL_GUARDED_BY(mutex_);
  Greeting greeting_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_invoke_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  // The stream that the uplink thread waits on; null while it does not.
  BatchStream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;

  absl::Notification ended_;
  std::thread thread_;
};

}  // namespace lambent
