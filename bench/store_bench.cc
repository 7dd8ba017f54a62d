// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// What the collector's store takes and costs: batches a second, each validated and durable before
// the next of its environment; bytes a sample on the disk.
#include <cstdint>
#include <memory>

#include <benchmark/benchmark.h>

#include "bench/bench_store.h"

namespace lambent::collector::bench {
namespace {

std::unique_ptr<BenchStore> shared;

// Every thread is an environment.
void BM_Ingest(benchmark::State& state) {
  if (state.thread_index() == 0) shared = std::make_unique<BenchStore>();
  Random random;
  std::unique_ptr<WriteSession> session;
  const auto rows = static_cast<int>(state.range(0));
  for (auto _ : state) {
    // Not before the loop: only its start waits for the first thread's set-up.
    if (session == nullptr) session = shared->Open(state.thread_index());
    if (!shared->Send(*session, rows, random)) state.SkipWithError("not stored");
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["samples/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(rows),
                         benchmark::Counter::kIsRate);
  if (state.thread_index() == 0) shared = nullptr;
}
BENCHMARK(BM_Ingest)->Arg(100)->Threads(1)->Threads(8)->Threads(32)->UseRealTime();

// Batches of `rows` samples; what an invocation costs besides its samples is part of it.
void BM_BytesPerSample(benchmark::State& state) {
  constexpr int kSamples = 200'000;
  const auto rows = static_cast<int>(state.range(0));
  for (auto _ : state) {
    BenchStore store;
    Random random;
    auto session = store.Open(0);
    if (!store.Send(*session, 1, random)) state.SkipWithError("not stored");
    const uint64_t before = store.BytesAtRest();
    session = store.Open(0);
    for (int i = 0; i < kSamples / rows; ++i) {
      if (!store.Send(*session, rows, random)) state.SkipWithError("not stored");
    }
    state.counters["bytes/sample"] = static_cast<double>(store.BytesAtRest() - before) / kSamples;
  }
}
BENCHMARK(BM_BytesPerSample)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lambent::collector::bench
