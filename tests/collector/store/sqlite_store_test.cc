// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/sqlite_store.h"

#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/support/store_fixture.h"

namespace lambent::collector {
namespace {

using testing::AddEvent;
using testing::GoodContent;
using testing::GoodHello;
using ::testing::HasSubstr;
using testing::kTestTimeUs;
using testing::NextContent;
using ::testing::SizeIs;

class SqliteStoreTest : public testing::StoreTest {};

TEST_F(SqliteStoreTest, GivesBackWhatWasStored) {
  auto session = Open();
  ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
  EXPECT_EQ(session->durable_sequence, 1U);
  EXPECT_EQ(Count(), (Sums{5, 2}));
  std::vector<int64_t> stacks;
  ASSERT_TRUE(
      store_->ReadSegments({}, [&](const SegmentRecord& s) { stacks = s.samples.stack; }).ok());
  const auto forest = store_->ReadStacks(stacks);
  ASSERT_TRUE(forest.ok());
  const StackForest::Stack& native = forest->stacks.at(stacks[1]);
  EXPECT_EQ(forest->frames.at(native.frame).module, "/opt/libx.so");
  EXPECT_EQ(forest->frames.at(native.frame).address, 0x40U);
  EXPECT_EQ(forest->frames.at(forest->stacks.at(native.parent).frame).name, "main");
}

TEST_F(SqliteStoreTest, GoesOnWithTheDictionaryAfterARestart) {
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  Reopen();
  auto session = Open();
  EXPECT_EQ(session->durable_sequence, 1U);
  EXPECT_EQ(session->extent.epoch, 1U);
  EXPECT_EQ(session->extent.stack_depth, (std::vector<uint16_t>{0, 1, 2, 2}));
  ASSERT_TRUE(Store(*session, 2, NextContent("r2", v1::PHASE_INVOKE)).ok());
  EXPECT_EQ(Count(), (Sums{10, 4}));
}

TEST_F(SqliteStoreTest, StartsANewEpochWithEmptyTables) {
  auto session = Open();
  ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
  v1::BatchContent content = GoodContent();
  content.set_dictionary_epoch(2);
  ASSERT_TRUE(Store(*session, 2, content).ok());
  EXPECT_EQ(session->extent.stack_depth.size(), 4U);
  Reopen();
  EXPECT_EQ(Open()->extent.stack_depth.size(), 4U);
  EXPECT_EQ(Count(), (Sums{10, 4}));
}

TEST_F(SqliteStoreTest, KeepsEqualEntriesOfTwoEnvironmentsOnce) {
  ASSERT_TRUE(Store(*Open(GoodHello('a')), 1, GoodContent()).ok());
  ASSERT_TRUE(Store(*Open(GoodHello('b')), 1, GoodContent()).ok());
  std::vector<std::vector<int64_t>> stacks;
  ASSERT_TRUE(
      store_->ReadSegments({}, [&](const SegmentRecord& s) { stacks.push_back(s.samples.stack); })
          .ok());
  ASSERT_THAT(stacks, SizeIs(2));
  EXPECT_EQ(stacks[0], stacks[1]);
}

TEST_F(SqliteStoreTest, OnlyTheLatestSessionOfAnEnvironmentWrites) {
  auto old_session = Open();
  auto new_session = Open();
  EXPECT_EQ(Store(*old_session, 1, GoodContent()).code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(Store(*new_session, 1, GoodContent()).ok());
  EXPECT_EQ(Count(), (Sums{5, 2}));
}

TEST_F(SqliteStoreTest, RemembersARejectedBatchAndTheHoleItLeaves) {
  auto session = Open();
  ASSERT_TRUE(store_->RejectBatch(*session, 1, 42, "no such stack", kTestTimeUs).ok());
  EXPECT_TRUE(session->dictionary_broken);
  Reopen();
  session = Open();
  EXPECT_EQ(session->durable_sequence, 1U);
  EXPECT_TRUE(session->dictionary_broken);
  const auto rejections = store_->ReadRejections(10);
  ASSERT_THAT(*rejections, SizeIs(1));
  EXPECT_EQ((*rejections)[0].samples, 42U);
  EXPECT_EQ((*rejections)[0].reason, "no such stack");
}

// PRAGMA max_page_count stands for the full disk: SQLite answers both with SQLITE_FULL.
TEST_F(SqliteStoreTest, AFullDiskRefusesTheBatchAndLosesNothing) {
  auto session = Open();
  ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
  ASSERT_TRUE(store_->LimitPages(1).ok());  // never less than there are
  absl::Status status;
  v1::BatchContent content = NextContent("r2", v1::PHASE_INVOKE);
  for (int i = 0; i < 4000; ++i) {
    content.mutable_dictionary()->add_strings("a string to fill pages with, number " +
                                              std::to_string(i));
  }
  status = Store(*session, 2, content);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(session->durable_sequence, 1U);
  EXPECT_EQ(Count(), (Sums{5, 2}));  // reading goes on
  ASSERT_TRUE(store_->LimitPages(1'000'000).ok());
  EXPECT_TRUE(Store(*session, 2, content).ok());  // room again: the same batch is taken
  EXPECT_EQ(Count(), (Sums{10, 4}));
}

TEST_F(SqliteStoreTest, ManyEnvironmentsWriteAtTheSameTime) {
  constexpr int kThreads = 8;
  constexpr uint64_t kBatches = 10;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, i] {
      auto session = Open(GoodHello(static_cast<char>('a' + i)));
      EXPECT_TRUE(Store(*session, 1, GoodContent()).ok());
      for (uint64_t sequence = 2; sequence <= kBatches; ++sequence) {
        EXPECT_TRUE(Store(*session, sequence, NextContent("r", v1::PHASE_INVOKE)).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Count(), (Sums{5 * kThreads * kBatches, 2 * kThreads * kBatches}));
}

TEST_F(SqliteStoreTest, TheInitSegmentBelongsToTheFirstInvocation) {
  auto session = Open();
  v1::BatchContent content = GoodContent();  // a segment of r1
  testing::AddSegment(content, "", v1::PHASE_INIT);
  testing::AddSegment(content, "r2", v1::PHASE_INVOKE);
  testing::AddSegment(content, "", v1::PHASE_SHUTDOWN);
  ASSERT_TRUE(Store(*session, 1, content).ok());
  EXPECT_EQ(Count(), (Sums{20, 8}));
  EXPECT_EQ(Count({.request_id = "r1"}), (Sums{10, 4}));
  EXPECT_EQ(Count({.request_id = "r2"}), (Sums{5, 2}));
  EXPECT_EQ(Count({.request_id = "r1", .phases = {Phase::kInit}}), (Sums{5, 2}));
  EXPECT_EQ(Count({.cold = true}), (Sums{10, 4}));
  EXPECT_EQ(Count({.cold = false}), (Sums{5, 2}));
  const auto invocations = store_->ReadInvocations({.request_id = "r1"}, 10);
  ASSERT_THAT(*invocations, SizeIs(1));
  EXPECT_TRUE((*invocations)[0].cold);
  EXPECT_EQ((*invocations)[0].samples, 10U);
  EXPECT_EQ((*invocations)[0].drops.total(), 4U);
}

// The platform tries an asynchronous event again, in the same environment under the same id.
class AttemptsTest : public SqliteStoreTest {
 protected:
  static constexpr int64_t kAgainUs = kTestTimeUs + 60'000'000;

  static void AddInvoke(v1::BatchContent& content, int64_t time_us) {
    AddEvent(content, v1::InvocationEvent::INVOKE, "r1", time_us);
  }
  static void AddDone(v1::BatchContent& content, int64_t time_us, v1::InvocationStatus status) {
    v1::InvocationEvent& done = AddEvent(content, v1::InvocationEvent::RUNTIME_DONE, "r1", time_us);
    done.set_status(status);
    done.set_duration_us(50'000);
  }
  // Both attempts, newest first.
  std::vector<InvocationRecord> Both() { return *store_->ReadInvocations({.request_id = "r1"}, 9); }
  void ExpectBothWhole() {
    const std::vector<InvocationRecord> both = Both();
    ASSERT_THAT(both, SizeIs(2));
    EXPECT_EQ(both[1].start_us, kTestTimeUs);
    EXPECT_EQ(both[1].status, uint32_t{v1::INVOCATION_STATUS_ERROR});
    EXPECT_EQ(both[1].end_us, kTestTimeUs + 50'000);
    EXPECT_EQ(both[1].samples, 5U);
    EXPECT_EQ(both[1].attempt, 1U);
    EXPECT_EQ(both[0].start_us, kAgainUs);
    EXPECT_EQ(both[0].status, uint32_t{v1::INVOCATION_STATUS_SUCCESS});
    EXPECT_EQ(both[0].end_us, kAgainUs + 50'000);
    EXPECT_EQ(both[0].samples, 5U);
    EXPECT_EQ(both[0].attempt, 2U);
    EXPECT_EQ(both[0].attempts, 2U);
    EXPECT_FALSE(both[0].cold);
    EXPECT_EQ(Count({.request_id = "r1"}), (Sums{10, 4}));
    EXPECT_EQ(Count({.request_id = "r1", .attempt = 2}), (Sums{5, 2}));
    EXPECT_EQ(Count({.request_id = "r1", .attempt = 3}), Sums{});
  }
};

TEST_F(AttemptsTest, AreInvocationsOfTheirOwn) {
  auto session = Open();
  v1::BatchContent first = GoodContent();
  AddInvoke(first, kTestTimeUs);
  AddDone(first, kTestTimeUs + 50'000, v1::INVOCATION_STATUS_ERROR);
  ASSERT_TRUE(Store(*session, 1, first).ok());
  v1::BatchContent again = NextContent("r1", v1::PHASE_INVOKE);
  again.mutable_segments(0)->set_start_unix_us(kAgainUs);
  // The platform's word is dated before ours, and may stand before it.
  AddEvent(again, v1::InvocationEvent::START, "r1", kAgainUs - 1000);
  AddDone(again, kAgainUs + 50'000, v1::INVOCATION_STATUS_SUCCESS);
  AddInvoke(again, kAgainUs);
  ASSERT_TRUE(Store(*session, 2, again).ok());
  ExpectBothWhole();
}

TEST_F(AttemptsTest, AreToldApartInOneBatch) {
  auto session = Open();
  v1::BatchContent content = GoodContent();
  testing::AddSegment(content, "r1", v1::PHASE_INVOKE, kAgainUs);
  AddInvoke(content, kTestTimeUs);
  AddInvoke(content, kAgainUs);
  AddDone(content, kTestTimeUs + 50'000, v1::INVOCATION_STATUS_ERROR);
  AddDone(content, kAgainUs + 50'000, v1::INVOCATION_STATUS_SUCCESS);
  ASSERT_TRUE(Store(*session, 1, content).ok());
  ExpectBothWhole();
}

TEST_F(AttemptsTest, GetTheirSegmentsThoughTheInvokeComesLater) {
  auto session = Open();
  v1::BatchContent first = GoodContent();
  AddInvoke(first, kTestTimeUs);
  AddDone(first, kTestTimeUs + 50'000, v1::INVOCATION_STATUS_ERROR);
  ASSERT_TRUE(Store(*session, 1, first).ok());
  v1::BatchContent samples = NextContent("r1", v1::PHASE_INVOKE);
  samples.mutable_segments(0)->set_start_unix_us(kAgainUs);
  ASSERT_TRUE(Store(*session, 2, samples).ok());
  v1::BatchContent events = NextContent("r1", v1::PHASE_INVOKE);
  events.clear_segments();
  AddInvoke(events, kAgainUs);
  AddDone(events, kAgainUs + 50'000, v1::INVOCATION_STATUS_SUCCESS);
  ASSERT_TRUE(Store(*session, 3, events).ok());
  ExpectBothWhole();
}

TEST_F(AttemptsTest, OfOtherEnvironmentsCountToo) {
  v1::BatchContent first = GoodContent();
  AddInvoke(first, kTestTimeUs);
  ASSERT_TRUE(Store(*Open(GoodHello('a')), 1, first).ok());
  v1::BatchContent again = GoodContent();
  again.mutable_segments(0)->set_start_unix_us(kAgainUs);
  AddInvoke(again, kAgainUs);
  ASSERT_TRUE(Store(*Open(GoodHello('b')), 1, again).ok());
  const std::vector<InvocationRecord> both = Both();
  ASSERT_THAT(both, SizeIs(2));
  EXPECT_EQ(both[0].attempt, 2U);
  EXPECT_EQ(both[0].environment_id, std::string(16, 'b'));
  EXPECT_EQ(both[1].attempt, 1U);
}

TEST_F(SqliteStoreTest, ShowsWhatElseWasLostWithTheInvocationItHappenedTo) {
  auto session = Open();
  v1::BatchContent content = GoodContent();
  AddEvent(content, v1::InvocationEvent::INVOKE, "r1", kTestTimeUs);
  AddEvent(content, v1::InvocationEvent::TELEMETRY_DROPPED, "", kTestTimeUs + 1)
      .set_reason("3 events lost");
  ASSERT_TRUE(Store(*session, 1, content).ok());
  v1::BatchContent next = NextContent("r2", v1::PHASE_INVOKE);
  AddEvent(next, v1::InvocationEvent::INVOKE, "r2", kTestTimeUs + 100'000);
  ASSERT_TRUE(Store(*session, 2, next).ok());
  const auto invocations = store_->ReadInvocations({}, 10);
  ASSERT_THAT(*invocations, SizeIs(2));
  EXPECT_THAT((*invocations)[0].losses, SizeIs(0));
  EXPECT_EQ((*invocations)[1].losses, std::vector<std::string>{"3 events lost"});
}

TEST_F(SqliteStoreTest, TheFirstInvocationKnownAfterALossIsNotCold) {
  auto session = Open();
  ASSERT_TRUE(Store(*session, 5, GoodContent()).ok());  // starts an epoch after a gap
  EXPECT_FALSE((*store_->ReadInvocations({}, 10))[0].cold);
}

TEST_F(SqliteStoreTest, FiltersByFunctionVersionEnvironmentTimeAndStatus) {
  auto session = Open();
  v1::BatchContent content = GoodContent();
  AddEvent(content, v1::InvocationEvent::RUNTIME_DONE, "r1", kTestTimeUs + 50'000)
      .set_status(v1::INVOCATION_STATUS_ERROR);
  ASSERT_TRUE(Store(*session, 1, content).ok());
  const Sums all{5, 2};
  EXPECT_EQ(Count({.function_name = "orders"}), all);
  EXPECT_EQ(Count({.function_name = "other"}), Sums{});
  EXPECT_EQ(Count({.function_version = "7"}), all);
  EXPECT_EQ(Count({.function_version = "8"}), Sums{});
  EXPECT_EQ(Count({.environment_id = std::string(16, 'e')}), all);
  EXPECT_EQ(Count({.environment_id = std::string(16, 'f')}), Sums{});
  EXPECT_EQ(Count({.since_us = kTestTimeUs + 40'000}), Sums{});
  EXPECT_EQ(Count({.until_us = kTestTimeUs - 1}), Sums{});
  EXPECT_EQ(Count({.status = v1::INVOCATION_STATUS_ERROR}), all);
  EXPECT_EQ(Count({.status = v1::INVOCATION_STATUS_SUCCESS}), Sums{});
  EXPECT_EQ(Count({.phases = {Phase::kInit, Phase::kAfter}}), Sums{});
  const auto functions = store_->ReadFunctions();
  ASSERT_THAT(*functions, SizeIs(1));
  EXPECT_EQ((*functions)[0].failures, 1U);
  EXPECT_EQ((*functions)[0].samples, 5U);
}

// As after millions of batches that each claim all they may.
TEST_F(SqliteStoreTest, SumsThatOverflowHideNothing) {
  auto session = Open();
  v1::BatchContent content = GoodContent();
  testing::AddSegment(content, "r1", v1::PHASE_INVOKE);
  ASSERT_TRUE(Store(*session, 1, content).ok());
  {
    auto database = Database::Open(DatabasePath(), Database::Mode::kReadWrite);
    ASSERT_TRUE(database
                    ->Execute("UPDATE segments SET samples = 0x7fffffffffffffff,"
                              " self_cpu_us = 0x7fffffffffffffff;"
                              "UPDATE drops SET samples = 0x7fffffffffffffff")
                    .ok());
  }
  constexpr auto kMost = uint64_t{std::numeric_limits<int64_t>::max()};

  const auto invocations = store_->ReadInvocations({}, 10);
  ASSERT_TRUE(invocations.ok()) << invocations.status();
  ASSERT_THAT(*invocations, SizeIs(1));
  EXPECT_EQ((*invocations)[0].samples, kMost);
  EXPECT_EQ((*invocations)[0].cost.self_cpu_us, kMost);
  EXPECT_EQ((*invocations)[0].drops.total(), kMost);
  const auto functions = store_->ReadFunctions();
  ASSERT_TRUE(functions.ok()) << functions.status();
  ASSERT_THAT(*functions, SizeIs(1));
  EXPECT_EQ((*functions)[0].samples, kMost);
}

TEST_F(SqliteStoreTest, AShutdownForATimeOutEndsTheRunningInvocation) {
  auto session = Open();
  v1::BatchContent content = GoodContent();
  AddEvent(content, v1::InvocationEvent::INVOKE, "r1", kTestTimeUs)
      .set_deadline_unix_us(kTestTimeUs + 3'000'000);
  AddEvent(content, v1::InvocationEvent::SHUTDOWN, "", kTestTimeUs + 3'000'100)
      .set_reason("timeout");
  ASSERT_TRUE(Store(*session, 1, content).ok());
  const auto invocations = store_->ReadInvocations({}, 10);
  EXPECT_EQ((*invocations)[0].status, uint32_t{v1::INVOCATION_STATUS_TIMEOUT});
}

TEST_F(SqliteStoreTest, ASecondCollectorOnTheDirectoryIsToldWhoHasIt) {
  const auto second = SqliteStore::Create(directory_.path());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("another lambent-collector uses it"));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("held by process "));
}

}  // namespace
}  // namespace lambent::collector
