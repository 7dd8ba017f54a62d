// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/ingest_session.h"

#include <memory>
#include <string>
#include <utility>

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
  uint64_t Connect() { return Greet(0).durable_sequence(); }

  // The same, with all of the answer.
  v1::Welcome Greet(uint64_t settled) {
    stream_ = std::make_unique<IngestSession>(*store_, counters_, requests_, clock_);
    v1::ClientMessage hello;
    *hello.mutable_hello() = GoodHello();
    hello.mutable_hello()->set_settled_sequence(settled);
    const auto welcome = stream_->Answer(hello);
    EXPECT_TRUE(welcome.ok()) << welcome.status();
    return welcome->welcome();
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
  SymbolRequests requests_;
  std::unique_ptr<IngestSession> stream_;
};

TEST_F(IngestSessionTest, AcknowledgesWhatIsDurable) {
  EXPECT_EQ(Connect(), 0U);
  EXPECT_EQ(Acked(Sealed(1, GoodContent())), 1U);
  EXPECT_EQ(Acked(Sealed(2, NextContent("r2", v1::PHASE_INVOKE))), 2U);
  EXPECT_EQ(counters_.samples, 10U);
  EXPECT_EQ(counters_.samples_dropped, 4U);
}

TEST_F(IngestSessionTest, AsksForHelloFirst) {
  stream_ = std::make_unique<IngestSession>(*store_, counters_, requests_, clock_);
  EXPECT_EQ(Send(Sealed(1, GoodContent())).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(stream_->Answer({}).status().code(), absl::StatusCode::kInvalidArgument);
  Connect();
}

TEST_F(IngestSessionTest, TakesHelloAgainWhenMoreIsKnownOfTheSameEnvironment) {
  stream_ = std::make_unique<IngestSession>(*store_, counters_, requests_, clock_);
  v1::ClientMessage hello;
  *hello.mutable_hello() = GoodHello();
  hello.mutable_hello()->clear_runtime();
  EXPECT_TRUE(stream_->Answer(hello).ok());
  EXPECT_EQ(Acked(Sealed(1, GoodContent())), 1U);
  EXPECT_EQ(store_->ReadFunctions()->at(0).runtime, "");

  hello.mutable_hello()->set_runtime("python3.12");
  EXPECT_EQ(stream_->Answer(hello)->welcome().durable_sequence(), 1U);
  EXPECT_EQ(Acked(Sealed(2, NextContent("r2", v1::PHASE_INVOKE))), 2U);
  EXPECT_EQ(store_->ReadFunctions()->at(0).runtime, "python3.12");
  EXPECT_EQ(counters_.environments_connected, 1);

  *hello.mutable_hello() = GoodHello('o');
  EXPECT_EQ(stream_->Answer(hello).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(IngestSessionTest, OpensTheEnvironmentOnceForHellosThatSayTheSame) {
  Connect();
  const std::unique_ptr<IngestSession> first = std::move(stream_);
  Connect();  // takes over
  v1::ClientMessage hello;
  *hello.mutable_hello() = GoodHello();
  for (int i = 0; i < 100; ++i) {
    hello.mutable_hello()->set_settled_sequence(static_cast<uint64_t>(i));
    EXPECT_TRUE(first->Answer(hello).ok());
  }
  EXPECT_TRUE(Send(Sealed(1, GoodContent())).ok()) << "a hello again took the environment back";
}

TEST_F(IngestSessionTest, EndsAStreamOfEverDifferentHellos) {
  Connect();
  v1::ClientMessage hello;
  *hello.mutable_hello() = GoodHello();
  for (int i = 1; i < IngestSession::kMaxHellos; ++i) {
    hello.mutable_hello()->set_runtime("python3." + std::to_string(i));
    EXPECT_TRUE(stream_->Answer(hello).ok()) << i;
  }
  EXPECT_TRUE(stream_->Answer(hello).ok()) << "it says the same";
  hello.mutable_hello()->set_runtime("python4");
  const absl::Status refused = stream_->Answer(hello).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("different hellos"));
  EXPECT_EQ(store_->ReadFunctions()->at(0).runtime, "python3.15");
}

TEST_F(IngestSessionTest, AnEnvironmentBelongsToOneFunctionForEver) {
  const std::string name = GoodHello().function_name();
  Connect();
  v1::ClientMessage other;
  *other.mutable_hello() = GoodHello();
  other.mutable_hello()->set_function_name("other");
  other.mutable_hello()->set_runtime("other");
  v1::ClientMessage version;
  *version.mutable_hello() = GoodHello();
  version.mutable_hello()->set_function_version("8");
  for (const v1::ClientMessage& hello : {other, version}) {
    IngestSession later(*store_, counters_, requests_, clock_);
    for (IngestSession* stream : {stream_.get(), &later}) {
      const absl::Status refused = stream->Answer(hello).status();
      EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(refused.message(), HasSubstr("belongs to another function"));
    }
  }
  const auto functions = store_->ReadFunctions();
  ASSERT_EQ(functions->size(), 1U) << "one without environments is listed";
  EXPECT_EQ(functions->at(0).name, name);
  EXPECT_EQ(functions->at(0).runtime, GoodHello().runtime());
  EXPECT_TRUE(Send(Sealed(1, GoodContent())).ok()) << "the environment was taken over";
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

TEST_F(IngestSessionTest, TellsAgainWhatWasRejected) {
  Connect();
  EXPECT_EQ(Acked(Sealed(1, GoodContent())), 1U);
  v1::Batch bad = Sealed(2, NextContent("r2", v1::PHASE_INVOKE));
  bad.set_samples(77);
  const v1::Batch after = Sealed(3, NextContent("r3", v1::PHASE_INVOKE));
  EXPECT_TRUE(Send(bad)->has_rejected());
  EXPECT_TRUE(Send(after)->has_rejected());
  v1::BatchContent fresh = GoodContent();
  fresh.set_dictionary_epoch(2);
  EXPECT_EQ(Acked(Sealed(4, fresh)), 4U);
  stream_.reset();
  Reopen();

  const v1::Welcome welcome = Greet(1);
  EXPECT_EQ(welcome.durable_sequence(), 4U);
  ASSERT_EQ(welcome.rejected_size(), 2);
  EXPECT_EQ(welcome.rejected(0).sequence(), 2U);
  EXPECT_THAT(welcome.rejected(0).reason(), HasSubstr("77 claimed"));
  EXPECT_EQ(welcome.rejected(1).sequence(), 3U);
  EXPECT_EQ(Greet(2).rejected_size(), 1);
  EXPECT_EQ(Greet(3).rejected_size(), 0);
  EXPECT_EQ(Greet(99).rejected_size(), 0);

  // Whoever sends everything again gets the same answers again, none of which reaches beyond it.
  EXPECT_EQ(Acked(Sealed(1, GoodContent())), 1U);
  EXPECT_EQ(Send(bad)->rejected().sequence(), 2U);
  EXPECT_EQ(Send(after)->rejected().sequence(), 3U);
  EXPECT_EQ(Acked(Sealed(4, fresh)), 4U);
  EXPECT_EQ(Count(), (Sums{10, 4}));
  EXPECT_EQ(counters_.batches_rejected, 2U);
}

TEST_F(IngestSessionTest, AWelcomeThatCannotListAllStopsAtTheLastListed) {
  Connect();
  v1::Batch bad = Sealed(1, GoodContent());
  bad.set_samples(77);
  for (uint64_t sequence = 1; sequence <= 70; ++sequence) {
    bad.set_sequence(sequence);
    EXPECT_TRUE(Send(bad)->has_rejected());
  }
  const v1::Welcome welcome = Greet(0);
  EXPECT_EQ(welcome.durable_sequence(), 64U);
  EXPECT_EQ(welcome.rejected_size(), 64);
  bad.set_sequence(65);
  EXPECT_EQ(Send(bad)->rejected().sequence(), 65U);
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
