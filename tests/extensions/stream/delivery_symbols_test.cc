// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "extensions/stream/delivery.h"
#include "profiler/encode/compress.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_collector.h"

namespace lambent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Tables of three parts each, ready at once.
class FakeSource final : public SymbolSource {
 public:
  void Ask(std::vector<std::string> build_ids) override {
    for (const std::string& build_id : build_ids) {
      asked.push_back(build_id);
      for (uint32_t part = 0; part < 3; ++part) {
        parts_.push_back({.build_id = build_id, .part = part, .last = part == 2, .content = "x"});
      }
    }
  }
  std::optional<EncodedSymbols> Take() override {
    if (parts_.empty()) return std::nullopt;
    EncodedSymbols part = std::move(parts_.front());
    parts_.pop_front();
    return part;
  }
  void Forget() override { parts_.clear(); }

  std::vector<std::string> asked;

 private:
  std::deque<EncodedSymbols> parts_;
};

class DeliverySymbolsTest : public ::testing::Test {
 protected:
  DeliverySymbolsTest() {
    options_.flush = FlushMode::kImmediate;
    greeting_.environment_id = "0123456789abcdef";
    greeting_.provides_symbols = true;
    Enter(Phase::kInvoke);
  }

  void Enter(Phase phase) {
    around_.phase = phase;
    around_.phase_since = clock_.UnixTime();
    around_.deadline = clock_.UnixTime() + absl::Minutes(5);
  }
  void RunFor(absl::Duration time) {
    const int64_t until = clock_.MonotonicNs() + absl::ToInt64Nanoseconds(time);
    while (clock_.MonotonicNs() < until) {
      StreamEvent event;
      if (delivery_.stream() != nullptr) event = delivery_.stream()->Next(absl::ZeroDuration());
      delivery_.Advance(event, around_, greeting_);
      if (event.kind == StreamEvent::Kind::kTimeout) clock_.Advance(absl::Milliseconds(1));
    }
  }
  void Put(uint64_t sequence) {
    v1::BatchContent content;
    content.set_dictionary_epoch(1);
    content.set_epoch_first_sequence(1);
    const std::string raw = content.SerializeAsString();
    EncodedBatch batch;
    batch.sequence = sequence;
    batch.dictionary_epoch = 1;
    batch.content = batch.remainder = Compressor().Compress(raw);
    batch.content_bytes = batch.remainder_bytes = static_cast<uint32_t>(raw.size());
    outbox_.Put(batch);
  }
  void AskFor(const std::string& build_id) {
    v1::ServerMessage message;
    message.mutable_need_symbols()->add_build_ids(build_id);
    collector_.Say(message);
  }

  fakes::FakeClock clock_;
  fakes::FakeCollector collector_;
  UplinkOptions options_;
  Greeting greeting_;
  Surroundings around_;
  Outbox outbox_{1 << 20};
  FakeSource source_;
  Delivery delivery_{options_,          clock_,  outbox_, [this] { return collector_.Open(); },
                     UplinkCallbacks{}, &source_};
};

TEST_F(DeliverySymbolsTest, SendsWhatIsAskedForInOrder) {
  RunFor(absl::Milliseconds(10));
  EXPECT_TRUE(collector_.hellos()[0].provides_symbols());
  AskFor("id");
  RunFor(absl::Milliseconds(10));
  EXPECT_THAT(source_.asked, ElementsAre("id"));
  ASSERT_EQ(collector_.symbol_tables().size(), 3u);
  EXPECT_EQ(collector_.symbol_tables()[0].part(), 0u);
  EXPECT_FALSE(collector_.symbol_tables()[1].last());
  EXPECT_EQ(collector_.symbol_tables()[2].build_id(), "id");
  EXPECT_TRUE(collector_.symbol_tables()[2].last());
}

TEST_F(DeliverySymbolsTest, BatchesGoFirst) {
  RunFor(absl::Milliseconds(10));
  Put(1);
  AskFor("id");
  Put(2);
  Put(3);
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(collector_.received(), "bbbsss");
  EXPECT_EQ(outbox_.backlog().batches, 0u);
}

TEST_F(DeliverySymbolsTest, ABatchGoesBetweenTheParts) {
  RunFor(absl::Milliseconds(10));
  AskFor("id");
  StreamEvent event = delivery_.stream()->Next(absl::ZeroDuration());
  delivery_.Advance(event, around_, greeting_);  // the first part is being written
  Put(1);
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(collector_.received(), "sbss");
}

TEST_F(DeliverySymbolsTest, WaitsForTheColdStartToEnd) {
  Enter(Phase::kInit);
  RunFor(absl::Milliseconds(10));
  AskFor("id");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(collector_.symbol_tables(), IsEmpty());
  Enter(Phase::kInvoke);
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(collector_.symbol_tables().size(), 3u);
}

TEST_F(DeliverySymbolsTest, DoesNotHoldUpTheFinalFlush) {
  RunFor(absl::Milliseconds(10));
  AskFor("id");
  Put(1);
  around_.final = true;
  around_.phase = Phase::kShutdown;
  around_.deadline = clock_.UnixTime() + absl::Seconds(1);
  RunFor(absl::Milliseconds(20));
  EXPECT_EQ(collector_.received(), "b");
  EXPECT_TRUE(delivery_.finished());
}

TEST_F(DeliverySymbolsTest, ForgetsWhatAnotherStreamAskedFor) {
  Enter(Phase::kInit);
  RunFor(absl::Milliseconds(10));
  AskFor("id");
  RunFor(absl::Milliseconds(10));
  EXPECT_THAT(source_.asked, ElementsAre("id"));
  collector_.Break();
  RunFor(absl::Seconds(6));
  Enter(Phase::kInvoke);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(collector_.hellos().size(), 2u);
  EXPECT_THAT(collector_.symbol_tables(), IsEmpty());
}

TEST_F(DeliverySymbolsTest, SymbolsAreNoSignOfLifeOfTheCollector) {
  RunFor(absl::Milliseconds(10));
  collector_.HoldAnswers();
  Put(1);
  RunFor(absl::Milliseconds(10));
  AskFor("id");
  RunFor(options_.ack_timeout + absl::Milliseconds(100));
  EXPECT_EQ(collector_.symbol_tables().size(), 3u);
  EXPECT_EQ(collector_.opened(), 2u) << "the batch's acknowledgement is overdue";
}

// The collector takes nothing any more from the first part of a table on: the part stays unread.
class UnreadSymbolsTest : public DeliverySymbolsTest {
 protected:
  void SetUp() override {
    RunFor(absl::Milliseconds(10));
    AskFor("id");
    collector_.Vanish();
    RunFor(absl::Milliseconds(10));
    ASSERT_EQ(collector_.opened(), 1u);
    ASSERT_THAT(collector_.symbol_tables(), IsEmpty());
  }
  absl::Duration Look() { return delivery_.Advance({}, around_, greeting_); }
  void BeginFinal() {
    around_.final = true;
    around_.phase = Phase::kShutdown;
    around_.deadline = clock_.UnixTime() + absl::Seconds(1);
  }
};

TEST_F(UnreadSymbolsTest, HoldUpBatchesForTheTimeOfAnAcknowledgement) {
  Put(1);
  RunFor(options_.ack_timeout - absl::Milliseconds(100));
  EXPECT_EQ(collector_.opened(), 1u);
  RunFor(absl::Milliseconds(500));
  EXPECT_EQ(collector_.opened(), 2u);
  EXPECT_EQ(collector_.received(), "b");
  EXPECT_EQ(outbox_.backlog().batches, 0u);
}

TEST_F(UnreadSymbolsTest, AreNoticedAlsoWhenNothingElseHappens) {
  EXPECT_LE(Look(), options_.ack_timeout);
  clock_.Advance(options_.ack_timeout);
  Look();
  EXPECT_EQ(delivery_.stream(), nullptr);
}

TEST_F(UnreadSymbolsTest, AShortFreezeDoesNotCountAgainstTheCollector) {
  Look();
  clock_.Freeze(absl::Seconds(10));
  Look();
  EXPECT_NE(delivery_.stream(), nullptr);
  EXPECT_EQ(collector_.opened(), 1u);
}

TEST_F(UnreadSymbolsTest, OfALongFreezeAreGivenUpAtOnce) {
  Look();
  clock_.Freeze(absl::Seconds(30));
  Put(1);
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(collector_.opened(), 2u);
  EXPECT_EQ(collector_.received(), "b");
}

TEST_F(UnreadSymbolsTest, GiveWayToTheFinalFlushAtOnce) {
  Put(1);
  RunFor(absl::Milliseconds(10));
  BeginFinal();
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(collector_.received(), "b");
  EXPECT_EQ(collector_.opened(), 2u);
  EXPECT_TRUE(delivery_.finished());
}

TEST_F(UnreadSymbolsTest, AreNoReasonToConnectAgainWhenAllIsDelivered) {
  BeginFinal();
  Look();
  EXPECT_EQ(collector_.opened(), 1u);
  EXPECT_TRUE(delivery_.finished());
}

TEST_F(DeliverySymbolsTest, APartHasItsTimeFromWhenItIsWritten) {
  Enter(Phase::kInit);
  RunFor(absl::Milliseconds(10));
  AskFor("id");
  RunFor(options_.stale_after / 2);
  collector_.Vanish();
  Enter(Phase::kInvoke);
  RunFor(options_.ack_timeout - absl::Milliseconds(100));
  EXPECT_EQ(collector_.opened(), 1u);
}

TEST_F(DeliverySymbolsTest, APartThatIsReadLeavesTheFinalFlushItsStream) {
  RunFor(absl::Milliseconds(10));
  AskFor("id");
  const StreamEvent asked = delivery_.stream()->Next(absl::ZeroDuration());
  delivery_.Advance(asked, around_, greeting_);  // the first part is being written
  Put(1);
  around_.final = true;
  around_.phase = Phase::kShutdown;
  around_.deadline = clock_.UnixTime() + absl::Seconds(1);
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(collector_.received(), "sb");
  EXPECT_EQ(collector_.opened(), 1u);
  EXPECT_TRUE(delivery_.finished());
}

}  // namespace
}  // namespace lambent
