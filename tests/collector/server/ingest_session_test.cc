// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/ingest_session.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/fakes/fake_clock.h"
#include "tests/support/store_fixture.h"

namespace lambent::collector {
namespace {

using testing::GoodContent;
using testing::GoodHello;
using ::testing::HasSubstr;
using testing::NextContent;
using testing::Sealed;

class IngestSessionTest : public testing::StoreTest {
 protected:
  // Ends the stream and begins another of the same environment: the durable sequence it is told.
  uint64_t Connect() {
    stream_ = std::make_unique<IngestSession>(*store_, counters_, clock_);
    v1::ClientMessage hello;
    *hello.mutable_hello() = GoodHello();
    const auto welcome = stream_->Answer(hello);
    EXPECT_TRUE(welcome.ok()) << welcome.status();
    return welcome->welcome().durable_sequence();
  }

  absl::StatusOr<v1::ServerMessage> Send(const v1::Batch& batch) {
    v1::ClientMessage message;
    *message.mutable_batch() = batch;
    return stream_->Answer(message);
  }

  // The sequence acknowledged, or 0 when the answer was another.
  uint64_t Acked(const v1::Batch& batch) { return Send(batch)->ack().durable_sequence(); }

  fakes::FakeClock clock_;
  IngestCounters counters_;
  std::unique_ptr<IngestSession> stream_;
};

TEST_F(IngestSessionTest, AcknowledgesWhatIsDurable) {
  EXPECT_EQ(Connect(), 0U);
  EXPECT_EQ(Acked(Sealed(1, GoodContent())), 1U);
  EXPECT_EQ(Acked(Sealed(2, NextContent("r2", v1::PHASE_INVOKE))), 2U);
  EXPECT_EQ(counters_.samples, 10U);
  EXPECT_EQ(counters_.samples_dropped, 4U);
}

TEST_F(IngestSessionTest, AsksForHelloFirstAndOnce) {
  stream_ = std::make_unique<IngestSession>(*store_, counters_, clock_);
  EXPECT_EQ(Send(Sealed(1, GoodContent())).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(stream_->Answer({}).status().code(), absl::StatusCode::kInvalidArgument);
  Connect();
  v1::ClientMessage hello;
  *hello.mutable_hello() = GoodHello();
  EXPECT_EQ(stream_->Answer(hello).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(IngestSessionTest, TakesABatchOnceHoweverOftenItComes) {
  Connect();
  const v1::Batch batch = Sealed(1, GoodContent());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Acked(batch), 1U);
  EXPECT_EQ(Connect(), 1U);
  EXPECT_EQ(Acked(batch), 1U);
  EXPECT_EQ(Count(), (Sums{5, 2}));
  EXPECT_EQ(counters_.batches_accepted, 1U);
  EXPECT_EQ(counters_.batches_duplicate, 3U);
}

TEST_F(IngestSessionTest, GoesOnAfterARestartOfTheCollector) {
  Connect();
  EXPECT_EQ(Acked(Sealed(1, GoodContent())), 1U);
  stream_.reset();
  Reopen();
  EXPECT_EQ(Connect(), 1U);
  EXPECT_EQ(Acked(Sealed(2, NextContent("r2", v1::PHASE_INVOKE))), 2U);
  EXPECT_EQ(Count(), (Sums{10, 4}));
}

TEST_F(IngestSessionTest, RejectsAMalformedBatchAndTheRestOfItsEpoch) {
  Connect();
  EXPECT_EQ(Acked(Sealed(1, GoodContent())), 1U);
  v1::BatchContent bad = NextContent("r2", v1::PHASE_INVOKE);
  bad.mutable_segments(0)->mutable_samples()->set_stack(0, 99);
  const auto rejected = Send(Sealed(2, bad));
  EXPECT_EQ(rejected->rejected().sequence(), 2U);
  EXPECT_THAT(rejected->rejected().reason(), HasSubstr("no such stack"));
  EXPECT_THAT(Send(Sealed(3, NextContent("r3", v1::PHASE_INVOKE)))->rejected().reason(),
              HasSubstr("start a new one"));
  EXPECT_EQ(Connect(), 3U);  // both count as handled
  v1::BatchContent fresh = GoodContent();
  fresh.set_dictionary_epoch(2);
  EXPECT_EQ(Acked(Sealed(4, fresh)), 4U);
  EXPECT_EQ(Count(), (Sums{10, 4}));
  EXPECT_EQ(counters_.samples_rejected, 10U);
}

TEST_F(IngestSessionTest, TakesAGapOnlyWhereAnEpochStarts) {
  Connect();
  EXPECT_EQ(Acked(Sealed(1, GoodContent())), 1U);
  v1::BatchContent fresh = GoodContent();
  fresh.set_dictionary_epoch(2);
  EXPECT_EQ(Acked(Sealed(7, fresh)), 7U);
  EXPECT_THAT(Send(Sealed(9, NextContent("r", v1::PHASE_INVOKE)))->rejected().reason(),
              HasSubstr("dictionary_epoch: 1 after 2"));
}

TEST_F(IngestSessionTest, CountsOpenStreams) {
  Connect();
  EXPECT_EQ(counters_.environments_connected, 1);
  stream_.reset();
  EXPECT_EQ(counters_.environments_connected, 0);
}

}  // namespace
}  // namespace lambent::collector
