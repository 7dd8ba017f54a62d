// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/record/diagnosis.h"

#include <memory>

#include "profiler/stacks/ladder.h"
#include "profiler/stacks/rest_until.h"

namespace lambent::record {
namespace {

constexpr int64_t kPeriodNs = 1'000'000'000 / 99;
constexpr int kTicks = 33;
// The first ticks read symbol tables and unwind rules, which later ones find in caches.
constexpr int kWarmTicks = 3;

// The first of `rungs` that works.
Rung FirstOf(const Diagnosis& diagnosis, std::initializer_list<Rung> rungs) {
  for (const Rung rung : rungs) {
    if (diagnosis.Has(rung)) return rung;
  }
  return Rung::kMetricsOnly;
}

}  // namespace

absl::StatusOr<Diagnosis> Diagnose(int32_t pid, os::Clock& clock) {
  LadderOptions options;
  options.period_ns = kPeriodNs;
  absl::StatusOr<std::unique_ptr<Ladder>> ladder = Ladder::Attach(pid, clock, options);
  if (!ladder.ok()) return ladder.status();
  Diagnosis diagnosis;
  const auto note = [&diagnosis](const ThreadSample& sample) {
    ++diagnosis.looks;
    diagnosis.stopped_ns += sample.stopped_ns;
    if (sample.stack == nullptr) {
      diagnosis.drops.Add(sample.drop, 1);
    } else {
      ++diagnosis.by_rung[static_cast<size_t>(sample.rung)];
    }
  };
  int64_t started_ns = clock.MonotonicNs();
  for (int tick = 0; tick < kTicks; ++tick) {
    if (tick == kWarmTicks) {
      diagnosis = {};
      started_ns = clock.MonotonicNs();
    }
    const int64_t cpu_ns = clock.SelfCpuNs();
    const bool alive = (*ladder)->Observe(note);
    if (alive) RestUntil(clock.MonotonicNs() + kPeriodNs, clock, **ladder, note);
    diagnosis.self_cpu_ns += clock.SelfCpuNs() - cpu_ns;
    if (!alive) break;
  }
  diagnosis.wall_ns = clock.MonotonicNs() - started_ns;
  diagnosis.rungs = (*ladder)->rungs();
  return diagnosis;
}

Rung RungForNative(const Diagnosis& diagnosis) {
  return FirstOf(diagnosis, {Rung::kAgent, Rung::kStop, Rung::kPerf});
}

Rung RungForInterpreted(const Diagnosis& diagnosis) {
  return FirstOf(diagnosis, {Rung::kConsistentRead, Rung::kStop, Rung::kPerf});
}

}  // namespace lambent::record
