// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/encode/batch_encoder.h"

#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "lambent/v1/profile.pb.h"
#include "profiler/aggregate/profile_window.h"
#include "profiler/stacks/waiting_frame.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_process_sampler.h"

namespace lambent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;
using ::testing::SizeIs;

// Within the grid that times are rounded to.
auto Near(int64_t us) { return AllOf(Ge(us - 130), Le(us + 130)); }

v1::BatchContent Parse(const std::string& compressed, size_t bytes) {
  std::string raw(bytes, '\0');
  EXPECT_EQ(ZSTD_decompress(raw.data(), raw.size(), compressed.data(), compressed.size()), bytes);
  EXPECT_EQ(ZSTD_getFrameContentSize(compressed.data(), compressed.size()), bytes);
  v1::BatchContent content;
  EXPECT_TRUE(content.ParseFromString(raw));
  return content;
}

class BatchEncoderTest : public ::testing::Test {
 protected:
  void Tick() {
    clock_.Advance(absl::Milliseconds(10));
    process_.Observe(
        [this](const ThreadSample& sample) { window_.Observe(sample, sample.wall_ns); });
  }
  std::vector<EncodedBatch> Cut(BatchParts parts = {}, size_t limit = 16 << 20) {
    window_.Settle(std::numeric_limits<int64_t>::max());
    naming_.Describe(process_);
    parts.segments = window_.segments();
    parts.unix_offset_ns = absl::ToUnixNanos(clock_.UnixTime()) - clock_.MonotonicNs();
    std::vector<EncodedBatch> batches = encoder_.Encode(parts, limit);
    window_.Clear();
    return batches;
  }
  v1::BatchContent CutContent(BatchParts parts = {}) {
    const std::vector<EncodedBatch> batches = Cut(parts);
    EXPECT_THAT(batches, SizeIs(1));
    return Parse(batches[0].content, batches[0].content_bytes);
  }

  fakes::FakeClock clock_;
  fakes::FakeProcessSampler process_{clock_, 42};
  PhaseTimeline timeline_{clock_.MonotonicNs()};
  ProfileWindow window_{timeline_};
  Dictionary dictionary_;
  Naming naming_{window_.stacks(), window_.threads(), dictionary_};
  BatchEncoder encoder_{dictionary_, naming_};
};

TEST_F(BatchEncoderTest, RoundTripsSamplesAndNames) {
  process_.Run(42, {"leaf", "handler"});
  process_.NameThread(42, "python3");
  const absl::Time start = clock_.UnixTime();
  Tick();
  Tick();

  const v1::BatchContent content = CutContent();

  EXPECT_EQ(content.dictionary_epoch(), 1u);
  ASSERT_EQ(content.segments_size(), 1);
  const v1::Segment& segment = content.segments(0);
  EXPECT_EQ(segment.phase(), v1::PHASE_INIT);
  EXPECT_EQ(segment.start_unix_us(), absl::ToUnixMicros(start));
  EXPECT_THAT(segment.samples().observations(), ElementsAre(2u));
  EXPECT_THAT(segment.samples().wall_us(), ElementsAre(AllOf(Ge(19'900u), Le(20'100u))));
  EXPECT_THAT(segment.samples().cpu_us(), ElementsAre(AllOf(Ge(19'900u), Le(20'100u))));
  EXPECT_THAT(segment.samples().start_delta_us(), ElementsAre(0));
  EXPECT_THAT(segment.samples().state(), ElementsAre(v1::THREAD_STATE_RUNNING));
  EXPECT_THAT(segment.samples().rung(), ElementsAre(v1::RUNG_CONSISTENT_READ));
  const v1::Dictionary& dictionary = content.dictionary();
  EXPECT_THAT(dictionary.stack_parent(), ElementsAre(0u, 1u));
  const uint32_t leaf = dictionary.stack_frame(static_cast<int>(segment.samples().stack(0)) - 1);
  const uint32_t name = dictionary.frame_name(static_cast<int>(leaf) - 1);
  EXPECT_EQ(dictionary.strings(static_cast<int>(name) - 1), "leaf");
  const uint32_t thread = segment.samples().thread(0);
  EXPECT_EQ(dictionary.thread_tid(static_cast<int>(thread) - 1), 42u);
  EXPECT_EQ(dictionary.strings(static_cast<int>(dictionary.thread_name(0)) - 1), "python3");
}

TEST_F(BatchEncoderTest, SendsRunQueueWaitWhereThereIsSome) {
  process_.Run(42, {"leaf"});
  Tick();
  EXPECT_THAT(CutContent().segments(0).samples().run_queue_us(), SizeIs(0));

  // 100 rows, each with less than the grid of times: rounding loses none of the sum.
  process_.QueueFor(42, 50'000);
  for (int i = 0; i < 100; ++i) {
    process_.Run(42, {i % 2 == 0 ? "leaf" : "other"});
    Tick();
  }
  const v1::BatchContent content = CutContent();
  const v1::SampleColumns& samples = content.segments(0).samples();
  ASSERT_EQ(samples.run_queue_us_size(), samples.wall_us_size());
  ASSERT_EQ(samples.wall_us_size(), 100);
  int64_t sum = 0;
  for (int i = 0; i < samples.wall_us_size(); ++i) {
    EXPECT_LE(samples.run_queue_us(i), samples.wall_us(i));
    sum += samples.run_queue_us(i);
  }
  EXPECT_THAT(sum, Near(5'000));
}

TEST_F(BatchEncoderTest, SendsMarksOfPartialSamplesWhereThereAreSome) {
  process_.Run(42, {"leaf"});
  Tick();
  EXPECT_THAT(CutContent().segments(0).samples().partial(), SizeIs(0));

  process_.MarkPartial(42, true);
  Tick();
  process_.MarkPartial(42, false);
  Tick();
  EXPECT_THAT(CutContent().segments(0).samples().partial(), ElementsAre(true, false));
}

TEST_F(BatchEncoderTest, NamesAWaitWhoseProcessIsGone) {
  Stack stack = {Frame{.kind = FrameKind::kPython}};
  PutAtLeaf(WaitingFrame({}, 'T'), &stack);
  ThreadSample sample;
  sample.stack = &stack;
  sample.time_ns = clock_.MonotonicNs() + 1;
  window_.Observe(sample, 1'000'000);
  naming_.GiveUp();
  const v1::BatchContent content = CutContent();
  const v1::Dictionary& dictionary = content.dictionary();
  ASSERT_EQ(dictionary.frame_kind_size(), 2);
  const int leaf = dictionary.frame_kind(0) == v1::FRAME_KIND_SYSTEM_CALL ? 0 : 1;
  EXPECT_EQ(dictionary.frame_kind(leaf), v1::FRAME_KIND_SYSTEM_CALL);
  EXPECT_EQ(dictionary.strings(static_cast<int>(dictionary.frame_name(leaf)) - 1), "stopped");
  EXPECT_EQ(dictionary.frame_address(leaf), 0u);
}

TEST_F(BatchEncoderTest, SendsEachDictionaryEntryOnce) {
  process_.Run(42, {"leaf", "handler"});
  Tick();
  CutContent();
  Tick();

  const v1::BatchContent same = CutContent();
  process_.Run(42, {"other", "handler"});
  Tick();
  const v1::BatchContent more = CutContent();

  EXPECT_EQ(same.dictionary().ByteSizeLong(), 0u);
  EXPECT_EQ(same.segments(0).samples().stack(0), 2u);
  EXPECT_THAT(more.dictionary().strings(), SizeIs(1));
  EXPECT_THAT(more.dictionary().stack_parent(), SizeIs(1));
}

TEST_F(BatchEncoderTest, RestartsAnEpochWithTheWholeDictionary) {
  process_.Run(42, {"leaf", "handler"});
  Tick();
  const v1::BatchContent first = CutContent();
  Tick();

  dictionary_.RestartEpoch();
  const v1::BatchContent again = CutContent();

  EXPECT_EQ(again.dictionary_epoch(), 2u);
  EXPECT_EQ(first.epoch_first_sequence(), 1u);
  EXPECT_EQ(again.epoch_first_sequence(), 2u);
  EXPECT_EQ(again.dictionary().SerializeAsString(), first.dictionary().SerializeAsString());
}

TEST_F(BatchEncoderTest, OrdersRowsByThreadThenTime) {
  process_.Run(1, {"a"});
  process_.Run(2, {"a"});
  Tick();
  process_.Run(1, {"b"});
  process_.Run(2, {"b"});
  Tick();

  const v1::BatchContent content = CutContent();

  const v1::SampleColumns& samples = content.segments(0).samples();
  EXPECT_THAT(samples.thread(), ElementsAre(1u, 1u, 2u, 2u));
  EXPECT_THAT(samples.start_delta_us(), ElementsAre(0, Near(10'000), Near(-10'000), Near(10'000)));
}

TEST_F(BatchEncoderTest, RoundingKeepsSums) {
  uint32_t function = 0;
  for (int i = 0; i < 200; ++i) {
    process_.Run(1, {++function % 2 == 0 ? "a" : "b"});
    clock_.Advance(absl::Microseconds(i * 37 % 900));
    Tick();
  }
  const int64_t wall_us = 2'000'000 + [] {
    int64_t sum = 0;
    for (int i = 0; i < 200; ++i) sum += i * 37 % 900;
    return sum;
  }();

  const v1::BatchContent content = CutContent();

  int64_t wall = 0, cpu = 0, start = 0, end = 0;
  const v1::SampleColumns& samples = content.segments(0).samples();
  ASSERT_EQ(samples.wall_us_size(), 200);
  for (int i = 0; i < samples.wall_us_size(); ++i) {
    wall += samples.wall_us(i);
    cpu += samples.cpu_us(i);
    start += samples.start_delta_us(i);
    EXPECT_EQ(start, end);  // contiguous
    end = start + samples.wall_us(i);
  }
  EXPECT_THAT(wall, Near(wall_us));
  EXPECT_THAT(cpu, Near(wall_us));
}

TEST_F(BatchEncoderTest, RemainderKeepsAllButSamplesAndCountsThem) {
  process_.Run(1, {"a"});
  process_.Drop(2, DropReason::kRefused);
  Tick();
  Tick();
  const std::vector<InvocationEvent> events(1);
  BatchParts parts;
  parts.events = events;

  const std::vector<EncodedBatch> batches = Cut(parts);

  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(batches[0].samples, 2u);
  const v1::BatchContent content = Parse(batches[0].content, batches[0].content_bytes);
  const v1::BatchContent remainder = Parse(batches[0].remainder, batches[0].remainder_bytes);
  EXPECT_EQ(remainder.dictionary().SerializeAsString(), content.dictionary().SerializeAsString());
  EXPECT_EQ(remainder.events_size(), 1);
  ASSERT_EQ(remainder.segments_size(), 1);
  EXPECT_FALSE(remainder.segments(0).has_samples());
  uint64_t dropped = 0;
  for (const v1::Drop& drop : remainder.segments(0).drops()) dropped += drop.samples();
  EXPECT_EQ(dropped, 4u);
}

TEST_F(BatchEncoderTest, RemainderTellsOfTheMetricReadingsItLeavesOut) {
  const std::vector<MetricReading> readings(3);
  BatchParts parts;
  parts.readings = readings;

  const std::vector<EncodedBatch> batches = Cut(parts);

  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(Parse(batches[0].content, batches[0].content_bytes).events_size(), 0);
  const v1::BatchContent remainder = Parse(batches[0].remainder, batches[0].remainder_bytes);
  EXPECT_EQ(remainder.metrics_size(), 0);
  ASSERT_EQ(remainder.events_size(), 1);
  EXPECT_EQ(remainder.events(0).kind(), v1::InvocationEvent::TELEMETRY_DROPPED);
  EXPECT_THAT(remainder.events(0).reason(), ::testing::StartsWith("3 metric readings lost"));
}

TEST_F(BatchEncoderTest, SplitsWhatIsTooLargeWithoutLosingAnything) {
  uint64_t given = 0;
  for (int i = 0; i < 50; ++i) {
    timeline_.Invoke(std::to_string(i), clock_.MonotonicNs());
    process_.Run(1, {"a"});
    Tick();
    ++given;
  }

  const std::vector<EncodedBatch> batches = Cut({}, 8'000);

  EXPECT_GT(batches.size(), 2u);
  uint64_t samples = 0, sequence = 0;
  for (const EncodedBatch& batch : batches) {
    EXPECT_EQ(batch.sequence, ++sequence);
    EXPECT_LE(batch.content_bytes, 8'000u);
    samples += batch.samples;
  }
  EXPECT_EQ(samples, given);
}

TEST_F(BatchEncoderTest, WritesMetricsAsDifferences) {
  std::vector<MetricReading> readings(3);
  for (int64_t i = 0; i < 3; ++i) {
    MetricReading& reading = readings[static_cast<size_t>(i)];
    reading.role = ProcessRole::kRuntime;
    reading.pid = 42;
    reading.time_ns = clock_.MonotonicNs() + i * 1'000'000;
    reading.Set(Metric::kRssBytes, 5000 - i * 1000);
  }
  readings[2].Set(Metric::kThreads, 3);  // a fuller reading: a series of its own
  BatchParts parts;
  parts.readings = readings;

  const v1::BatchContent content = CutContent(parts);

  ASSERT_EQ(content.metrics_size(), 2);
  EXPECT_THAT(content.metrics(0).time_delta_us(), ElementsAre(0, 1000));
  EXPECT_THAT(content.metrics(0).columns(0).values(), ElementsAre(5000, -1000));
  EXPECT_EQ(content.metrics(0).start_unix_us(), absl::ToUnixMicros(clock_.UnixTime()));
  EXPECT_EQ(content.metrics(1).columns_size(), 2);
  EXPECT_THAT(content.metrics(1).columns(0).values(), ElementsAre(3000));
}

TEST_F(BatchEncoderTest, BoundsTextsOfEvents) {
  std::vector<InvocationEvent> events(1);
  events[0].kind = InvocationEvent::Kind::kRuntimeDone;
  events[0].request_id = std::string(10'000, 'x');
  events[0].error_type = "Runtime.ExitError";
  events[0].status = InvocationStatus::kFailure;
  events[0].duration = absl::Milliseconds(3);
  events[0].time = clock_.UnixTime();
  BatchParts parts;
  parts.events = events;

  const v1::BatchContent content = CutContent(parts);

  ASSERT_EQ(content.events_size(), 1);
  EXPECT_THAT(content.events(0).request_id(), SizeIs(256));
  EXPECT_EQ(content.events(0).kind(), v1::InvocationEvent::RUNTIME_DONE);
  EXPECT_EQ(content.events(0).status(), v1::INVOCATION_STATUS_FAILURE);
  EXPECT_EQ(content.events(0).duration_us(), 3000);
  EXPECT_EQ(content.events(0).deadline_unix_us(), 0);
}

TEST_F(BatchEncoderTest, ReportsWhatWasLostWhole) {
  BatchParts parts;
  parts.lost.Add(DropReason::kCollectorReset, 17);

  const v1::BatchContent content = CutContent(parts);

  ASSERT_EQ(content.segments_size(), 1);
  ASSERT_EQ(content.segments(0).drops_size(), 1);
  EXPECT_EQ(content.segments(0).drops(0).reason(), v1::DROP_REASON_COLLECTOR_RESET);
  EXPECT_EQ(content.segments(0).drops(0).samples(), 17u);
}

TEST_F(BatchEncoderTest, FoldsStacksThatAreOneByName) {
  process_.RunNative(1, {0x1000});
  Tick();
  process_.RunNative(1, {0x1000});
  Tick();

  const v1::BatchContent content = CutContent();

  EXPECT_THAT(content.dictionary().stack_parent(), SizeIs(1));
  EXPECT_THAT(content.dictionary().module_path(), SizeIs(1));
  EXPECT_EQ(content.dictionary().module_build_id(0), "\x01\x02\x03\x04");
  EXPECT_THAT(content.dictionary().frame_code_address(), SizeIs(0));
}

TEST_F(BatchEncoderTest, SendsCodeAddressesWhereTheyAreAskedFor) {
  process_.TellCodeAddresses();
  process_.RunNative(1, {0x1010});
  Tick();
  process_.RunNative(1, {0x1018});
  Tick();

  const v1::BatchContent content = CutContent();

  EXPECT_THAT(content.dictionary().frame_address(), ElementsAre(0x10, 0x10));
  EXPECT_THAT(content.dictionary().frame_code_address(), ElementsAre(0x1010, 0x1018));
  EXPECT_THAT(content.dictionary().stack_parent(), SizeIs(2));
}

}  // namespace
}  // namespace lambent
