// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// How long the bytes of a stranger take to become a batch that is trusted.
#include <cstdint>

#include "benchmark/benchmark.h"

#include "collector/receive/batch_validator.h"
#include "tests/support/wire_batch.h"

namespace lambent::collector {
namespace {

// A batch of so many rows, its dictionary with it.
void BM_ValidateBatch(benchmark::State& state) {
  v1::BatchContent content = testing::GoodContent();
  v1::SampleColumns& samples = *content.mutable_segments(0)->mutable_samples();
  for (int64_t row = 0; row < state.range(0); ++row) {
    testing::AddRow(samples, 10'000, 1, static_cast<uint32_t>(row % 3) + 1, 1);
  }
  const v1::Batch batch = testing::Sealed(1, content);
  for (auto _ : state) {
    const auto validated = ValidateBatch(batch, {});
    if (!validated.ok()) state.SkipWithError("not valid");
    benchmark::DoNotOptimize(validated);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ValidateBatch)->Arg(10)->Arg(1000)->Arg(10'000);

}  // namespace
}  // namespace lambent::collector
