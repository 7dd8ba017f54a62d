// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

#include "extensions/external/configuration.h"
#include "extensions/external/delivery_trouble.h"
#include "extensions/lambda_api/extension_event.h"
#include "extensions/lambda_api/extensions_api.h"
#include "extensions/lambda_api/telemetry_listener.h"
#include "extensions/lifecycle/lifecycle.h"
#include "extensions/stream/outbox.h"
#include "extensions/stream/symbol_uploads.h"
#include "extensions/stream/uplink.h"
#include "profiler/metrics/metrics_source.h"
#include "profiler/os/clock.h"
#include "profiler/os/process_files.h"
#include "profiler/session/session.h"
#include "profiler/symbols/module_files.h"

namespace lambent {

// Everything that runs beside the event loop: session, uplink, telemetry. Its methods are called on
// the main thread and do not wait, but for OnShutdown, whose waiting is planned. Never destroyed in
// the program, which ends by _exit.
class Profiling {
 public:
  struct Setup {
    Configuration configuration;
    Registration registration;
    os::Endpoint api;
    std::string api_address;  // the same as the platform spelt it
    std::string extensions_folder;
    absl::Time started;  // the process
  };

  explicit Profiling(Setup setup);
  // Ends all threads, without delivering what still waits.
  ~Profiling();
  Profiling(const Profiling&) = delete;
  Profiling& operator=(const Profiling&) = delete;

  // Starts the sampler, subscribes to telemetry and starts the uplink; waits for the subscription,
  // which is possible during init only, but not for long: ours is to be over before the function's.
  void Start();

  void OnInvoke(const InvokeEvent& event);

  // Delivers what there is within the platform's time.
  void OnShutdown(const ShutdownEvent& event);

 private:
  void OnTelemetry(std::string_view body);
  void Subscribe();
  void StartUplink();
  void Dispatch(const LifecycleStep& step) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Setup setup_;
  os::Clock& clock_;
  const std::unique_ptr<os::ProcFiles> proc_;  // of the metrics, on the sampler thread
  DeliveryTrouble trouble_;
  Outbox outbox_;
  ModuleFiles module_files_;
  std::unique_ptr<SymbolUploads> symbols_;
  std::unique_ptr<MetricsSource> metrics_;
  std::unique_ptr<Uplink> uplink_;
  std::unique_ptr<Session> session_;
  bool uplink_started_ = false;  // confined to the main thread

  absl::Mutex mutex_;
  Lifecycle lifecycle_ ABSL_GUARDED_BY(mutex_);
  Greeting greeting_ ABSL_GUARDED_BY(mutex_);
  bool telemetry_comes_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread subscriber_;
  std::unique_ptr<TelemetryListener> listener_;
  absl::Notification subscribed_;  // or found that it cannot
};

}  // namespace lambent
