// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "profiler/aggregate/dictionary.h"
#include "profiler/aggregate/naming.h"
#include "profiler/aggregate/phase_timeline.h"
#include "profiler/aggregate/profile_window.h"
#include "profiler/encode/batch_encoder.h"
#include "profiler/encode/batch_sink.h"
#include "profiler/metrics/metrics_source.h"
#include "profiler/os/clock.h"
#include "profiler/session/budget_governor.h"
#include "profiler/session/losses.h"
#include "profiler/session/metrics_schedule.h"
#include "profiler/session/sampling_schedule.h"
#include "profiler/session/session_inputs.h"
#include "profiler/session/session_options.h"
#include "profiler/stacks/process_sampler.h"

namespace lambent {

// What the sampler thread does, one step at a time: take events → tick → observe → read metrics →
// settle → cut a batch. Separate from the thread so that tests step it by a fake clock. Confined to
// the sampler thread.
class SamplingLoop {
 public:
  // The references must outlive this.
  SamplingLoop(const SessionOptions& options, os::Clock& clock, SamplerFactory attach,
               MetricsSource& metrics, BatchSink& sink, SessionInputs& inputs,
               int64_t init_start_ns);
  SamplingLoop(const SamplingLoop&) = delete;
  SamplingLoop& operator=(const SamplingLoop&) = delete;

  // Does what is due now; returns when to come back at the latest (MonotonicNs).
  int64_t Step();
  // Sleeps until then, or until there is something to be done sooner.
  void Wait(int64_t until_ns);

  // The last step: takes all as settled and hands it to the sink.
  void Finish();

  // Observations taken so far, dropped ones included: what has to be accounted for.
  uint64_t observed() const { return observed_; }

 private:
  static constexpr int64_t kAttachQuicklyNs = 1'000'000;
  static constexpr int64_t kAttachSlowlyNs = 20'000'000;
  static constexpr size_t kMaxReadings = 4096;
  static constexpr int64_t kCallGraceNs = 10'000'000;
  // However low the rate, events are taken and freezes noticed this often.
  static constexpr int64_t kLongestSleepNs = 50'000'000;

  void TakeEvents();
  void TakeEvent(const InvocationEvent& event);
  void Attach(int64_t now_ns);
  void LoseProcess();
  void Tick(int64_t now_ns);
  void TakeStops();
  void Take(const ThreadSample& sample, int64_t wall_ns);
  // Sees to it that time nobody had (a freeze) weighs nothing.
  void NoteFreeze();
  void ApplyRate();
  void ApplyBudget();
  void ReadMetrics(MetricsScope scope);
  void MaybeCut(int64_t now_ns);
  void Cut(int64_t now_ns);
  int64_t MonotonicOf(absl::Time time) const;

  const SessionOptions options_;
  os::Clock& clock_;
  SamplerFactory attach_;
  MetricsSource& metrics_;
  BatchSink& sink_;
  SessionInputs& inputs_;

  PhaseTimeline timeline_;
  ProfileWindow window_{timeline_};
  Dictionary dictionary_;
  Naming naming_{window_.stacks(), window_.threads(), dictionary_};
  BatchEncoder encoder_{dictionary_, naming_};
  SamplingSchedule schedule_;
  BudgetGovernor governor_;
  MetricsSchedule metrics_due_;

  std::unique_ptr<ProcessSampler> process_;
  std::vector<InvocationEvent> taken_;   // just taken
  std::vector<InvocationEvent> events_;  // for the next batch
  std::vector<MetricReading> readings_;  // for the next batch
  std::optional<int64_t> called_ns_;  // the platform called (INVOKE, SHUTDOWN) since the last step
  int64_t planned_ns_;                // when this step was to happen
  int64_t step_cpu_ns_;               // own CPU time at the end of the last step
  SelfCost cost_;                     // since the last tick, of what was taken
  bool only_looked_ = false;          // no step since the last tick did more than look
  int64_t frozen_ns_ = 0;             // since the last tick
  uint32_t wished_hz_ = 0;
  uint64_t observed_ = 0;
  Losses losses_;  // since the last cut
  int64_t started_ns_;
  int64_t attach_next_ns_ = 0;
  int64_t last_tick_ns_;
  int64_t last_self_cpu_ns_;
  int64_t last_cut_ns_;
  int64_t frozen_since_cut_ns_ = 0;
  bool invoked_ = false;   // an invocation began since the last step
  bool answered_ = false;  // an invocation was answered since the last cut
  bool flush_asked_ = false;
  bool was_paused_ = false;
};

}  // namespace lambent
