// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/stored_samples.h"

#include <cstddef>
#include <limits>
#include <string>

#include "gtest/gtest.h"

#include "collector/store/global_ids.h"

namespace lambent::collector {
namespace {

StoredSamples SomeSamples() {
  StoredSamples samples;
  samples.start_us = {1'800'000'000'000'000, 1'800'000'000'010'000, 5};
  samples.thread = {7, 7, std::numeric_limits<int64_t>::max()};
  samples.stack = {0, 900, std::numeric_limits<int64_t>::min()};
  samples.observations = {1, 2, 4'294'967'295};
  samples.wall_us = {10'000, 20'000, 0};
  samples.cpu_us = {1, 2, 3};
  samples.state_rung = {0x12, 0x21, 0xff};
  samples.run_queue_us = {0, 20'000, 0};
  return samples;
}

TEST(StoredSamplesTest, ReadsBackEveryColumn) {
  const StoredSamples in = SomeSamples();
  const auto out = DecodeSamples(EncodeSamples(in));
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->start_us, in.start_us);
  EXPECT_EQ(out->thread, in.thread);
  EXPECT_EQ(out->stack, in.stack);
  EXPECT_EQ(out->observations, in.observations);
  EXPECT_EQ(out->wall_us, in.wall_us);
  EXPECT_EQ(out->cpu_us, in.cpu_us);
  EXPECT_EQ(out->state_rung, in.state_rung);
  EXPECT_EQ(out->run_queue_us, in.run_queue_us);
}

TEST(StoredSamplesTest, TellsStateRungAndMarkOfAByte) {
  StoredSamples samples;
  samples.state_rung = {0x14, 0x3c, 0xff};
  EXPECT_EQ(samples.state(0), ThreadState::kRunning);
  EXPECT_EQ(samples.rung(0), Rung::kStop);
  EXPECT_FALSE(samples.partial(0));
  EXPECT_EQ(samples.state(1), ThreadState::kRunningWithLock);
  EXPECT_EQ(samples.rung(1), Rung::kStop);
  EXPECT_TRUE(samples.partial(1));
  EXPECT_EQ(samples.state(2), ThreadState::kUnspecified);
  EXPECT_EQ(samples.rung(2), Rung::kMetricsOnly);
}

TEST(StoredSamplesTest, KeepsNoRunQueueWaitWhereThereWasNone) {
  StoredSamples in = SomeSamples();
  in.run_queue_us = {0, 0, 0};
  const std::string blob = EncodeSamples(in);
  in.run_queue_us = {};  // as in blobs from before there was such a column
  EXPECT_EQ(EncodeSamples(in), blob);
  const auto out = DecodeSamples(blob);
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_TRUE(out->run_queue_us.empty());
}

TEST(StoredSamplesTest, NoDamagedBlobIsReadAsSamplesOfAnotherLength) {
  const std::string blob = EncodeSamples(SomeSamples());
  for (size_t size = 0; size < blob.size(); ++size) {
    EXPECT_FALSE(DecodeSamples(blob.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeMetrics(blob).ok());
}

TEST(StoredMetricsTest, ReadsBackEveryColumn) {
  const StoredMetrics in{{1, 2, 3}, {{4, {10, 9, 11}}, {1, {-1, 0, 1}}}};
  const auto out = DecodeMetrics(EncodeMetrics(in));
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->times_us, in.times_us);
  ASSERT_EQ(out->columns.size(), 2U);
  EXPECT_EQ(out->columns[0].metric, 4U);
  EXPECT_EQ(out->columns[1].values, in.columns[1].values);
}

TEST(DictionaryDeltaTest, ReadsBackEveryTable) {
  const DictionaryDelta in{{{1, 2}, {3}, {4, 5, 6}, {7, 1}, {8}}, {1, 2}, 99};
  const auto out = DecodeDelta(EncodeDelta(in));
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->added.frames, in.added.frames);
  EXPECT_EQ(out->added.stacks, in.added.stacks);
  EXPECT_EQ(out->stack_depth, in.stack_depth);
  EXPECT_EQ(out->string_bytes, 99U);
}

}  // namespace
}  // namespace lambent::collector
