// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// What a batch costs on its way through the outbox, with room and without.
#include <cstdint>
#include <optional>
#include <string>

#include "benchmark/benchmark.h"

#include "extensions/stream/outbox.h"

namespace lambent {
namespace {

// As ten seconds of a busy Python process encode.
EncodedBatch BatchOf(uint64_t sequence) {
  EncodedBatch batch;
  batch.sequence = sequence;
  // Of an epoch that has lost a batch all are lost at once: it must not be the only one.
  batch.dictionary_epoch = static_cast<uint32_t>(sequence / 64 + 1);
  batch.content.assign(8 << 10, 'c');
  batch.content_bytes = 32 << 10;
  batch.remainder.assign(1 << 10, 'r');
  batch.remainder_bytes = 4 << 10;
  batch.samples = 999;
  return batch;
}

// Put, sent, acknowledged.
void BM_Deliver(benchmark::State& state) {
  Outbox outbox(8 << 20);
  uint64_t sequence = 0;
  for (auto _ : state) {
    outbox.Put(BatchOf(++sequence));
    benchmark::DoNotOptimize(outbox.Next(sequence - 1));
    outbox.MarkSent(sequence);
    outbox.Acked(sequence);
  }
}
BENCHMARK(BM_Deliver);

// Nobody takes anything: each batch makes an older one smaller, or leave.
void BM_PutWhereThereIsNoRoom(benchmark::State& state) {
  Outbox outbox(1 << 20);
  uint64_t sequence = 0;
  for (; sequence < 1000;) outbox.Put(BatchOf(++sequence));
  for (auto _ : state) outbox.Put(BatchOf(++sequence));
}
BENCHMARK(BM_PutWhereThereIsNoRoom);

}  // namespace
}  // namespace lambent
