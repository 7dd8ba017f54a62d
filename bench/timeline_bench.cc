// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// What it costs to know which phase of which invocation a sample belongs to.
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"

#include "profiler/aggregate/phase_timeline.h"

namespace lambent {
namespace {

constexpr int64_t kMs = 1'000'000;

// `count` invocations of 80 ms, one each 100 ms; the answers of all are known.
PhaseTimeline TimelineOf(int64_t count) {
  PhaseTimeline timeline(0);
  timeline.InitDone(50 * kMs);
  for (int64_t i = 1; i <= count; ++i) {
    const std::string id = absl::StrCat("8476a536-e9f4-11e8-9739-", i);
    timeline.Invoke(id, i * 100 * kMs);
    timeline.RuntimeDone(id, (i * 100 + 80) * kMs);
  }
  return timeline;
}

// Once a sample.
void BM_At(benchmark::State& state) {
  const PhaseTimeline timeline = TimelineOf(state.range(0));
  int64_t time_ns = 0;
  for (auto _ : state) {
    time_ns = (time_ns + 10 * kMs) % (state.range(0) * 100 * kMs);
    benchmark::DoNotOptimize(timeline.At(time_ns));
  }
}
BENCHMARK(BM_At)->Arg(1)->Arg(1000);

// Once a cut.
void BM_SettledBefore(benchmark::State& state) {
  const PhaseTimeline timeline = TimelineOf(state.range(0));
  const int64_t now_ns = (state.range(0) + 1) * 100 * kMs;
  for (auto _ : state) benchmark::DoNotOptimize(timeline.SettledBefore(now_ns, 3000 * kMs));
}
BENCHMARK(BM_SettledBefore)->Arg(1)->Arg(1000);

// Once an invocation, with the timeline as long as it may become.
void BM_InvokeAndDone(benchmark::State& state) {
  PhaseTimeline timeline = TimelineOf(PhaseTimeline::kMaxStretches);
  int64_t at_ns = (int64_t{PhaseTimeline::kMaxStretches} + 1) * 100 * kMs;
  int64_t number = 0;
  for (auto _ : state) {
    const std::string id = absl::StrCat("9476a536-e9f4-11e8-9739-", ++number);
    timeline.Invoke(id, at_ns);
    timeline.RuntimeDone(id, at_ns + 80 * kMs);
    at_ns += 100 * kMs;
  }
}
BENCHMARK(BM_InvokeAndDone);

}  // namespace
}  // namespace lambent
