// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/batch_validator.h"

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collector/receive/bounded_zstd.h"
#include "collector/receive/limits.h"
#include "tests/support/wire_batch.h"

namespace lambent::collector {
namespace {

using testing::AddDictionary;
using testing::AddRow;
using ::testing::ElementsAre;
using testing::GoodContent;
using ::testing::HasSubstr;
using testing::kTestTimeUs;
using testing::Sealed;

absl::StatusOr<ValidatedBatch> Validate(const v1::BatchContent& content,
                                        const DictionaryExtent& extent = {}) {
  return ValidateBatch(Sealed(1, content), extent);
}

std::string Refusal(const v1::BatchContent& content, const DictionaryExtent& extent = {}) {
  return std::string(Validate(content, extent).status().message());
}

TEST(BatchValidatorTest, AcceptsAGoodBatch) {
  const absl::StatusOr<ValidatedBatch> batch = Validate(GoodContent());
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->samples, 5U);
  EXPECT_TRUE(batch->starts_epoch);
  ASSERT_EQ(batch->segments.size(), 1U);
  EXPECT_EQ(batch->segments[0].drops.of(DropReason::kRefused), 2U);
  EXPECT_THAT(batch->segments[0].samples.start_us, ElementsAre(kTestTimeUs, kTestTimeUs + 30'000));
  EXPECT_EQ(batch->dictionary.stacks[1].depth, 2);
}

TEST(BatchValidatorTest, IndicesReachIntoEarlierBatchesOfTheEpoch) {
  DictionaryExtent extent;
  Extend(extent, *Validate(GoodContent()));
  v1::BatchContent next;
  next.set_dictionary_epoch(1);
  AddRow(*next.add_segments()->mutable_samples(), 0, 1, 3, 1);
  EXPECT_TRUE(Validate(next, extent).ok());
  next.set_dictionary_epoch(2);
  next.set_epoch_first_sequence(1);  // in a new epoch those entries do not exist
  EXPECT_THAT(Refusal(next, extent), HasSubstr("samples.thread: no such thread"));
  next.set_dictionary_epoch(0);
  EXPECT_THAT(Refusal(next, extent), HasSubstr("dictionary_epoch: 0 after 1"));
}

TEST(BatchValidatorTest, RefusesAnEpochWhoseFirstBatchIsMissing) {
  DictionaryExtent extent;
  Extend(extent, *Validate(GoodContent()));
  v1::BatchContent next = GoodContent();
  next.set_dictionary_epoch(2);
  next.set_epoch_first_sequence(7);  // in flight when batch 7 was refused
  EXPECT_THAT(Refusal(next, extent), HasSubstr("dictionary_epoch: 2 after 1, begun by batch 7"));
}

TEST(BatchValidatorTest, RefusesToBeginAnEpochTwice) {
  DictionaryExtent extent;
  Extend(extent, *Validate(GoodContent()));
  EXPECT_THAT(Refusal(GoodContent(), extent), HasSubstr("dictionary_epoch: 1 after 1, begun by"));
}

TEST(BatchValidatorTest, RefusesWhatDoesNotHangTogether) {
  struct Case {
    const char* reason;
    std::function<void(v1::BatchContent&)> spoil;
  };
  const std::vector<Case> cases = {
      {"stack_parent[0]: not before its child",
       [](auto& c) { c.mutable_dictionary()->set_stack_parent(0, 1); }},
      {"stack_frame[2]: no such frame",
       [](auto& c) { c.mutable_dictionary()->set_stack_frame(2, 4); }},
      {"frame_name[0]: no such string",
       [](auto& c) { c.mutable_dictionary()->set_frame_name(0, 5); }},
      {"frame_file[1]: no such string",
       [](auto& c) { c.mutable_dictionary()->set_frame_file(1, 4'000'000'000U); }},
      {"frame_module[1]: no such module",
       [](auto& c) { c.mutable_dictionary()->set_frame_module(1, 2); }},
      {"module_path[0]: no such string",
       [](auto& c) { c.mutable_dictionary()->set_module_path(0, 9); }},
      {"thread_name[0]: no such string",
       [](auto& c) { c.mutable_dictionary()->set_thread_name(0, 9); }},
      {"dictionary.frame: columns differ",
       [](auto& c) { c.mutable_dictionary()->add_frame_line(1); }},
      {"columns differ in length",
       [](auto& c) { c.mutable_dictionary()->add_frame_current_line(1); }},
      {"frame: columns differ in length",
       [](auto& c) { c.mutable_dictionary()->add_frame_code_address(1); }},
      {"dictionary.stack: columns differ",
       [](auto& c) { c.mutable_dictionary()->add_stack_parent(0); }},
      {"dictionary.module: columns differ",
       [](auto& c) { c.mutable_dictionary()->add_module_path(0); }},
      {"dictionary.thread: columns differ",
       [](auto& c) { c.mutable_dictionary()->add_thread_tid(0); }},
      {"strings[4]: 4097 bytes",
       [](auto& c) { c.mutable_dictionary()->add_strings(std::string(4097, 'x')); }},
      {"samples: columns differ",
       [](auto& c) { c.mutable_segments(0)->mutable_samples()->add_cpu_us(1); }},
      {"samples: columns differ",
       [](auto& c) { c.mutable_segments(0)->mutable_samples()->add_run_queue_us(1); }},
      {"samples: columns differ",
       [](auto& c) { c.mutable_segments(0)->mutable_samples()->add_partial(true); }},
      {"samples.run_queue_us: more than the row's wall time",
       [](auto& c) {
         c.mutable_segments(0)->mutable_samples()->add_run_queue_us(0);
         c.mutable_segments(0)->mutable_samples()->add_run_queue_us(20'001);
       }},
      {"samples.stack: no such stack",
       [](auto& c) { c.mutable_segments(0)->mutable_samples()->set_stack(0, 4); }},
      {"samples.thread: no such thread",
       [](auto& c) { c.mutable_segments(0)->mutable_samples()->set_thread(0, 2); }},
      {"a row without samples",
       [](auto& c) { c.mutable_segments(0)->mutable_samples()->set_observations(0, 0); }},
      {"start_delta_us: time out of range",
       [](auto& c) {
         c.mutable_segments(0)->mutable_samples()->set_start_delta_us(
             1, std::numeric_limits<int64_t>::max());
       }},
      {"start_unix_us: time out of range",
       [](auto& c) { c.mutable_segments(0)->set_start_unix_us(-1); }},
      {"request_id: too long",
       [](auto& c) { c.mutable_segments(0)->set_request_id(std::string(257, 'r')); }},
      {"drops: count out of range",
       [](auto& c) {
         c.mutable_segments(0)->mutable_drops(0)->set_samples(std::numeric_limits<uint64_t>::max());
       }},
      {"cost: out of range",
       [](auto& c) {
         c.mutable_segments(0)->mutable_cost()->set_stopped_us(
             std::numeric_limits<uint64_t>::max());
       }},
      {"metrics[0]: columns differ",
       [](auto& c) { c.add_metrics()->add_columns()->add_values(1); }},
      {"metrics[0]: value out of range",
       [](auto& c) {
         auto* metrics = c.add_metrics();
         metrics->add_time_delta_us(0);
         metrics->add_time_delta_us(1);
         auto* column = metrics->add_columns();
         column->add_values(std::numeric_limits<int64_t>::max());
         column->add_values(1);
       }},
      {"events[0]: duration out of range", [](auto& c) { c.add_events()->set_duration_us(-1); }},
      {"events[0]: text too long",
       [](auto& c) { c.add_events()->set_error_type(std::string(257, 'e')); }},
  };
  for (const Case& one : cases) {
    v1::BatchContent content = GoodContent();
    one.spoil(content);
    EXPECT_THAT(Refusal(content), HasSubstr(one.reason));
  }
}

TEST(BatchValidatorTest, RefusesStacksDeeperThanTheBound) {
  v1::BatchContent content = GoodContent();
  v1::Dictionary& dictionary = *content.mutable_dictionary();
  // Stack 2 is 2 deep, so each stack added is one deeper than its index minus one.
  for (uint32_t parent = 2; parent < 1025; ++parent) {
    dictionary.add_stack_parent(parent == 2 ? 2 : parent + 1);
    dictionary.add_stack_frame(1);
  }
  const absl::StatusOr<ValidatedBatch> deepest = Validate(content);
  ASSERT_TRUE(deepest.ok()) << deepest.status();
  EXPECT_EQ(deepest->dictionary.stacks.back().depth, kMaxStackFrames);
  dictionary.add_stack_parent(1026);
  dictionary.add_stack_frame(1);
  EXPECT_THAT(Refusal(content), HasSubstr("stack too deep"));
}

TEST(BatchValidatorTest, MapsValuesOfNewerExtensionsToUnspecified) {
  v1::BatchContent content = GoodContent();
  content.mutable_segments(0)->set_phase(static_cast<v1::Phase>(77));
  content.mutable_segments(0)->mutable_drops(0)->set_reason(static_cast<v1::DropReason>(77));
  content.mutable_segments(0)->mutable_samples()->set_rung(0, static_cast<v1::Rung>(77));
  content.mutable_dictionary()->set_frame_kind(0, static_cast<v1::FrameKind>(-5));
  content.add_events()->set_kind(static_cast<v1::InvocationEvent::Kind>(77));
  const absl::StatusOr<ValidatedBatch> batch = Validate(content);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->segments[0].phase, Phase::kUnspecified);
  EXPECT_EQ(batch->segments[0].drops.of(DropReason::kUnspecified), 2U);
  EXPECT_EQ(batch->dictionary.frames[0].kind, FrameKind::kUnknown);
  EXPECT_TRUE(batch->events.empty());
}

TEST(BatchValidatorTest, RefusesAWrongSumOfSamples) {
  v1::Batch batch = Sealed(1, GoodContent());
  batch.set_samples(6);
  EXPECT_THAT(std::string(ValidateBatch(batch, {}).status().message()),
              HasSubstr("6 claimed, the content holds 5"));
}

TEST(BatchValidatorTest, RefusesADecompressionBomb) {
  v1::Batch batch = Sealed(1, GoodContent());
  batch.set_compression(v1::COMPRESSION_ZSTD);
  batch.set_content(Compress(std::string(size_t{64} << 20, '\0'), 3));
  batch.set_content_bytes(1000);
  EXPECT_THAT(std::string(ValidateBatch(batch, {}).status().message()),
              HasSubstr("longer than the 1000 bytes claimed"));
  batch.set_content_bytes(uint32_t{64} << 20);
  EXPECT_THAT(std::string(ValidateBatch(batch, {}).status().message()),
              HasSubstr("at most 16777216 allowed"));
}

TEST(BatchValidatorTest, RefusesDeeplyNestedUnknownGroups) {
  v1::Batch batch = Sealed(1, {});
  batch.set_content(std::string(100'000, '\x53'));  // start of group 10, nested
  batch.set_content_bytes(100'000);
  EXPECT_THAT(std::string(ValidateBatch(batch, {}).status().message()),
              HasSubstr("not a lambent.v1.BatchContent"));
}

TEST(BatchValidatorTest, ReadsACompressedBatch) {
  v1::Batch batch = Sealed(1, GoodContent());
  batch.set_compression(v1::COMPRESSION_ZSTD);
  batch.set_content(Compress(batch.content(), 3));
  EXPECT_TRUE(ValidateBatch(batch, {}).ok());
  batch.mutable_content()->pop_back();
  EXPECT_FALSE(ValidateBatch(batch, {}).ok());
}

}  // namespace
}  // namespace lambent::collector
