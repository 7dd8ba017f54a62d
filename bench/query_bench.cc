// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Time from a question to its merged profile, the database's pages cached by the system.
#include <benchmark/benchmark.h>

#include "bench/bench_store.h"
#include "collector/query/profile_queries.h"

namespace lambent::collector::bench {
namespace {

// Every sample of `batches` invocations of `rows` samples.
void BM_MergeProfile(benchmark::State& state) {
  BenchStore store;
  Random random;
  auto session = store.Open(0);
  const auto batches = static_cast<int>(state.range(0));
  const auto rows = static_cast<int>(state.range(1));
  for (int i = 0; i < batches; ++i) {
    if (!store.Send(*session, rows, random)) state.SkipWithError("not stored");
  }
  store.Reopen();
  for (auto _ : state) {
    benchmark::DoNotOptimize(MergeProfile(*store, {}));
  }
  state.SetItemsProcessed(state.iterations() * batches * rows);  // samples
}
BENCHMARK(BM_MergeProfile)
    ->Args({1, 100})
    ->Args({1000, 100})
    ->Args({100, 10'000})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lambent::collector::bench
