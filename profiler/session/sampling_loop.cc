// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/sampling_loop.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "profiler/session/freeze_watch.h"

namespace lambent {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
// While the process has not appeared for this long, looking for it each millisecond is too dear.
constexpr int64_t kAttachQuicklyForNs = 2 * kSecondNs;
// Frames named per tick: keeps a tick short while a burst of new code runs.
constexpr size_t kNamesPerTick = 32;
// For late threads to be taken, before all that has no name yet is named.
constexpr int64_t kDrainNs = 10'000'000;

int64_t PeriodNs(uint32_t hz) { return kSecondNs / std::clamp(hz, 1u, 1000u); }

}  // namespace

SamplingLoop::SamplingLoop(const SessionOptions& options, os::Clock& clock, SamplerFactory attach,
                           MetricsSource& metrics, BatchSink& sink, SessionInputs& inputs,
                           int64_t init_start_ns)
    : options_(options),
      clock_(clock),
      attach_(std::move(attach)),
      metrics_(metrics),
      sink_(sink),
      inputs_(inputs),
      timeline_(init_start_ns),
      schedule_(PeriodNs(options.sample_hz), options.seed, clock.MonotonicNs()),
      governor_(options.overhead_budget),
      metrics_due_(absl::ToInt64Nanoseconds(options.metrics_interval)),
      started_ns_(clock.MonotonicNs()),
      last_tick_ns_(started_ns_),
      last_self_cpu_ns_(clock.SelfCpuNs()),
      last_cut_ns_(started_ns_) {
  planned_ns_ = started_ns_;
  step_cpu_ns_ = last_self_cpu_ns_;
}

int64_t SamplingLoop::MonotonicOf(absl::Time time) const {
  return clock_.MonotonicNs() - absl::ToInt64Nanoseconds(clock_.UnixTime() - time);
}

void SamplingLoop::Wait(int64_t until_ns) {
  if (process_ == nullptr || !process_->AwaitStop(until_ns)) clock_.SleepUntil(until_ns);
}

int64_t SamplingLoop::Step() {
  TakeEvents();
  NoteFreeze();
  TakeStops();
  ApplyRate();
  const int64_t now_ns = clock_.MonotonicNs();
  // However far the budget stretches the period, no invocation as long as the wished one goes
  // without a look.
  if (std::exchange(invoked_, false) && schedule_.period_ns() > PeriodNs(wished_hz_)) {
    schedule_.LookWithin(now_ns, PeriodNs(wished_hz_));
  }
  if (process_ == nullptr && now_ns >= attach_next_ns_) Attach(now_ns);
  if (now_ns >= schedule_.next_ns()) Tick(now_ns);
  if (const auto scope = metrics_due_.Take(now_ns)) ReadMetrics(*scope);
  window_.Settle(timeline_.SettledBefore(now_ns, absl::ToInt64Nanoseconds(options_.settle_lag)));
  MaybeCut(now_ns);
  planned_ns_ = std::min(schedule_.next_ns(), clock_.MonotonicNs() + kLongestSleepNs);
  if (process_ == nullptr) planned_ns_ = std::min(planned_ns_, attach_next_ns_);
  step_cpu_ns_ = clock_.SelfCpuNs();
  return planned_ns_;
}

void SamplingLoop::TakeEvents() {
  if (inputs_.TakeFlush()) flush_asked_ = true;
  taken_.clear();
  inputs_.TakeEvents(&taken_);
  for (InvocationEvent& event : taken_) {
    TakeEvent(event);
    events_.push_back(std::move(event));
  }
}

void SamplingLoop::TakeEvent(const InvocationEvent& event) {
  using Kind = InvocationEvent::Kind;
  switch (event.kind) {
    case Kind::kInitRuntimeDone:
      timeline_.InitDone(MonotonicOf(event.time));
      break;
    case Kind::kInvoke:
      called_ns_ = MonotonicOf(event.time);
      timeline_.Invoke(event.request_id, *called_ns_);
      // What is read seldom has hardly moved since the answer before, after which nothing ran.
      metrics_due_.AtBoundary(MetricsScope::kCadence);
      invoked_ = true;
      break;
    case Kind::kRuntimeDone:
      timeline_.RuntimeDone(event.request_id, MonotonicOf(event.time));
      metrics_due_.AtBoundary(MetricsScope::kBoundary);
      answered_ = true;
      break;
    case Kind::kShutdown:
      called_ns_ = MonotonicOf(event.time);
      timeline_.Shutdown(*called_ns_);
      metrics_due_.AtBoundary(MetricsScope::kBoundary);
      break;
    default:
      break;
  }
}

void SamplingLoop::ApplyRate() {
  const uint32_t asked = inputs_.rate_hz();
  const uint32_t hz = asked == 0 ? options_.sample_hz : asked;
  if (hz == wished_hz_) return;
  wished_hz_ = hz;
  ApplyBudget();
}

void SamplingLoop::ApplyBudget() { schedule_.SetPeriod(governor_.PeriodNs(PeriodNs(wished_hz_))); }

void SamplingLoop::Attach(int64_t now_ns) {
  absl::StatusOr<std::unique_ptr<ProcessSampler>> process = attach_();
  if (!process.ok() || *process == nullptr) {
    const bool quickly = now_ns - started_ns_ < kAttachQuicklyForNs;
    attach_next_ns_ = now_ns + (quickly ? kAttachQuicklyNs : kAttachSlowlyNs);
    return;
  }
  process_ = *std::move(process);
  metrics_due_.AtBoundary(MetricsScope::kBoundary);
}

void SamplingLoop::LoseProcess() {
  naming_.Describe(*process_);  // its symbols may be gone with it, but its names need not be
  losses_.agent.Add(process_->TakeLosses());
  process_.reset();
  window_.ForgetKeys();
  // A runtime that restarts is looked for as eagerly as the first one.
  started_ns_ = clock_.MonotonicNs();
  attach_next_ns_ = started_ns_ + kAttachQuicklyNs;
  metrics_due_.AtBoundary(MetricsScope::kBoundary);
}

void SamplingLoop::NoteFreeze() {
  int64_t now_ns = clock_.MonotonicNs();
  const bool late = FreezeWatch::IsLate(planned_ns_, now_ns);
  if (!late) {
    called_ns_.reset();
    return;
  }
  if (process_ != nullptr) process_->LetGo();  // it may take a while to know what it was
  const int64_t self_cpu_ns = clock_.SelfCpuNs() - step_cpu_ns_;
  // The thread that waits for the platform was thawed with this one: let it speak first. On two
  // busy CPUs it took longer than 1 ms in one run of four.
  const int64_t patience_ns = now_ns + kCallGraceNs;
  while (!called_ns_.has_value() && clock_.MonotonicNs() < patience_ns) {
    clock_.SleepUntil(clock_.MonotonicNs() + kCallGraceNs / 10);
    TakeEvents();
  }
  const auto freeze =
      FreezeWatch::Judge(planned_ns_, now_ns, std::exchange(called_ns_, std::nullopt), self_cpu_ns);
  if (!freeze.has_value()) return;
  const int64_t length_ns = freeze->until_ns - freeze->from_ns;
  timeline_.Frozen(freeze->from_ns, freeze->until_ns);
  frozen_ns_ += length_ns;
  frozen_since_cut_ns_ += length_ns;
  now_ns = clock_.MonotonicNs();
  schedule_.Thaw(now_ns, length_ns);
  InvocationEvent event;
  event.kind = InvocationEvent::Kind::kFreeze;
  event.time = clock_.UnixTime() - absl::Nanoseconds(now_ns - freeze->until_ns);
  event.duration = absl::Nanoseconds(length_ns);
  events_.push_back(std::move(event));
}

void SamplingLoop::Tick(int64_t now_ns) {
  schedule_.Tick(now_ns);
  const int64_t frozen_ns = std::exchange(frozen_ns_, 0);
  // A freeze or a pause is nobody's time. One in the middle of a tick is only seen by its length.
  const auto weight_of = [&](int64_t wall_ns, int64_t time_ns) {
    const bool froze_in_tick = time_ns - now_ns > FreezeWatch::kLongNs;
    return froze_in_tick || was_paused_ ? std::min(wall_ns, schedule_.period_ns())
                                        : wall_ns - std::min(wall_ns, frozen_ns);
  };
  cost_.wall_ns = weight_of(now_ns - last_tick_ns_, now_ns);
  last_tick_ns_ = now_ns;
  const bool paused = inputs_.paused();
  if (process_ != nullptr && !paused) {
    cost_.CountTick(PeriodNs(wished_hz_), schedule_.period_ns());
    const bool alive = process_->Observe([&](const ThreadSample& sample) {
      Take(sample, weight_of(sample.wall_ns, sample.time_ns));
    });
    if (alive) {
      // Symbols may take long: not while a thread may come to stand.
      if (!process_->AwaitStop(now_ns)) naming_.Describe(*process_, kNamesPerTick);
    } else {
      LoseProcess();
    }
  }
  was_paused_ = paused;
  SelfCost cost = std::exchange(cost_, {});
  // By the end of the step before: one reading of the clock a step is enough.
  cost.self_cpu_ns = step_cpu_ns_ - last_self_cpu_ns_;
  last_self_cpu_ns_ = step_cpu_ns_;
  window_.AddCost(now_ns, cost);
  const bool only_looked = std::exchange(only_looked_, true);
  // The start of the process (gRPC, symbol tables) is no measure of what sampling costs later.
  if (timeline_.At(now_ns).phase == Phase::kInit) return;
  governor_.Add({.wall_ns = cost.wall_ns,
                 .self_cpu_ns = cost.self_cpu_ns,
                 .stopped_ns = cost.stopped_ns,
                 .only_looked = only_looked});
  ApplyBudget();
}

// Threads whose turn on a CPU came after the tick that asked them to stop.
void SamplingLoop::TakeStops() {
  if (process_ == nullptr) return;
  // After a freeze or a pause only a tick knows what their time is worth.
  if (inputs_.paused() || was_paused_ || frozen_ns_ != 0) return process_->LetGo();
  process_->TakeStops([this](const ThreadSample& sample) { Take(sample, sample.wall_ns); });
}

void SamplingLoop::Take(const ThreadSample& sample, int64_t wall_ns) {
  ++observed_;
  cost_.stopped_ns += sample.stopped_ns;
  cost_.target_cpu_ns += sample.cpu_ns;
  window_.Observe(sample, wall_ns);
}

void SamplingLoop::ReadMetrics(MetricsScope scope) {
  only_looked_ = false;
  metrics_.Read(scope, process_ != nullptr ? process_->pid() : 0,
                [this](const MetricReading& reading) {
                  if (readings_.size() < kMaxReadings) {
                    readings_.push_back(reading);
                  } else {
                    ++losses_.readings;
                  }
                });
}

void SamplingLoop::MaybeCut(int64_t now_ns) {
  const int64_t interval_ns = absl::ToInt64Nanoseconds(options_.batch_interval);
  const int64_t since_ns = now_ns - last_cut_ns_;
  const bool must = window_.row_count() >= options_.batch_rows || window_.full() ||
                    window_.segments().size() >= ProfileWindow::kMaxSegments / 2 ||
                    events_.size() >= SessionInputs::kMaxEvents / 2;
  const bool something = !window_.empty() || !events_.empty() || !readings_.empty();
  // An answered invocation leaves at once when the environment is often frozen: the next chance to
  // send may be minutes away. A busy environment cuts by the interval, however many answers.
  const bool may = flush_asked_ || (answered_ && since_ns >= interval_ns) ||
                   since_ns - frozen_since_cut_ns_ >= interval_ns;
  if (must || (something && may)) Cut(now_ns);
}

void SamplingLoop::Cut(int64_t now_ns) {
  flush_asked_ = answered_ = only_looked_ = false;
  last_cut_ns_ = now_ns;
  frozen_since_cut_ns_ = 0;
  const SinkDebt debt = sink_.TakeDebt();
  if (debt.new_epoch) dictionary_.RestartEpoch();
  if (process_ != nullptr) {
    const int64_t until_ns = clock_.MonotonicNs() + kDrainNs;
    while (clock_.MonotonicNs() < until_ns && process_->AwaitStop(until_ns)) TakeStops();
    naming_.Describe(*process_);
    losses_.agent.Add(process_->TakeLosses());
  } else {
    naming_.GiveUp();
  }
  losses_.batches = debt.batches;
  AppendLossEvents(std::exchange(losses_, {}), clock_.UnixTime(), &events_);
  BatchParts parts;
  parts.segments = window_.segments();
  parts.readings = readings_;
  parts.events = events_;
  parts.lost = debt.lost;
  parts.cut_ns = now_ns;
  parts.unix_offset_ns = absl::ToUnixNanos(clock_.UnixTime()) - now_ns;
  for (EncodedBatch& batch : encoder_.Encode(parts)) sink_.Put(std::move(batch));
  window_.Clear();
  events_.clear();
  readings_.clear();
  if (dictionary_.full() || window_.full()) {
    window_.StartOver();
    dictionary_.Clear();
    naming_.Clear();
  }
}

void SamplingLoop::Finish() {
  TakeEvents();
  const int64_t now_ns = clock_.MonotonicNs();
  // Not another look at the process: at SHUTDOWN it is gone or going.
  ReadMetrics(MetricsScope::kBoundary);
  cost_.self_cpu_ns = clock_.SelfCpuNs() - last_self_cpu_ns_;
  window_.AddCost(now_ns, cost_);
  window_.Settle(std::numeric_limits<int64_t>::max());
  Cut(now_ns);
}

}  // namespace lambent
