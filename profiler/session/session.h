// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

#include "profiler/encode/batch_sink.h"
#include "profiler/encode/invocation_event.h"
#include "profiler/metrics/metrics_source.h"
#include "profiler/os/clock.h"
#include "profiler/session/session_inputs.h"
#include "profiler/session/session_options.h"
#include "profiler/stacks/process_sampler.h"

namespace lambent {

// One profiling session: the life of an environment, or of one `lambent record`. Owns the sampler
// thread, which looks for the runtime process, samples it, reads metrics, assigns phases and hands
// encoded batches to the sink.
//
// Every method is thread-safe and, but for Stop and the destructor, returns without waiting for the
// sampler thread: the event loop that calls them must never be held up.
class Session {
 public:
  // All must outlive the session, and are used on the sampler thread only (the sink too by others).
  struct Dependencies {
    os::Clock& clock;
    SamplerFactory attach;
    MetricsSource& metrics;
    BatchSink& sink;
  };

  Session(const SessionOptions& options, Dependencies dependencies);
  // Stops if Stop was not called; joins the sampler thread.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Starts the sampler thread; the init phase begins now (or at `init_start` if that is earlier).
  void Start(absl::Time init_start = absl::InfiniteFuture());

  // Takes an event: INVOKE, RUNTIME_DONE, INIT_RUNTIME_DONE and SHUTDOWN move the phases, all are
  // sent to the collector. Telemetry may be late, repeated and out of order.
  void OnEvent(InvocationEvent event) { inputs_.Post(std::move(event)); }
  void OnInvoke(std::string_view request_id, absl::Time time, absl::Time deadline);
  void OnShutdown(std::string_view reason, absl::Time time);

  // The collector's wishes. 0: the options' rate.
  void SetRate(uint32_t sample_hz) { inputs_.SetRate(sample_hz); }
  void Pause(bool paused) { inputs_.Pause(paused); }

  // Asks for a batch of what is settled at the next tick.
  void RequestFlush() { inputs_.RequestFlush(); }

  // Takes all as settled, hands the last batch to the sink and ends the sampler thread. False when
  // that was not done by `deadline`.
  bool Stop(absl::Time deadline);

 private:
  void Run(int64_t init_start_ns);

  const SessionOptions options_;
  Dependencies dependencies_;
  SessionInputs inputs_;
  absl::Notification finished_;
  std::thread thread_;
};

}  // namespace lambent
