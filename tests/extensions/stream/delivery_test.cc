// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/delivery.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/session/sampling_loop.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_collector.h"
#include "tests/fakes/fake_metrics_source.h"
#include "tests/fakes/fake_process_sampler.h"

namespace lambent {
namespace {

class DeliveryTest : public ::testing::Test {
 protected:
  explicit DeliveryTest(uint64_t limit = 1 << 20) : outbox_(limit) {
    options_.outbox_limit_bytes = limit;
    options_.flush = FlushMode::kImmediate;
    greeting_.environment_id = "0123456789abcdef";
    greeting_.function_name = "f";
    Restart();
  }

  void Restart() {
    UplinkCallbacks callbacks;
    callbacks.on_config = [this](uint32_t hz, bool paused) {
      config_hz_ = hz;
      config_paused_ = paused;
    };
    callbacks.on_trouble = [this](const absl::Status& status, int failures) {
      trouble_ = status;
      failures_ = failures;
    };
    callbacks.on_refused = [this](const std::string& reason) { refused_.push_back(reason); };
    callbacks.request_batch = [this] { ++batch_requests_; };
    delivery_ = std::make_unique<Delivery>(
        options_, clock_, outbox_, [this] { return collector_.Open(); }, std::move(callbacks));
  }

  // Lets the uplink do all it can in this time.
  void RunFor(absl::Duration time) {
    const int64_t until = clock_.MonotonicNs() + absl::ToInt64Nanoseconds(time);
    for (int round = 0; round < 100'000; ++round) {
      StreamEvent event;
      if (delivery_->stream() != nullptr) event = delivery_->stream()->Next(absl::ZeroDuration());
      const absl::Duration wait = delivery_->Advance(event, around_, greeting_);
      if (event.kind != StreamEvent::Kind::kTimeout) continue;
      const absl::Duration left = absl::Nanoseconds(until - clock_.MonotonicNs());
      if (left <= absl::ZeroDuration()) return;
      clock_.Advance(
          std::min({left, std::max(wait, absl::Milliseconds(1)), absl::Milliseconds(20)}));
    }
    FAIL() << "the uplink spins";
  }

  void Put(uint64_t sequence) {
    v1::BatchContent content;
    content.set_dictionary_epoch(1);
    content.set_epoch_first_sequence(1);
    v1::Drop& drop = *content.add_segments()->add_drops();
    drop.set_reason(v1::DROP_REASON_REFUSED);
    drop.set_samples(5);
    const std::string raw = content.SerializeAsString();
    EncodedBatch batch;
    batch.sequence = sequence;
    batch.dictionary_epoch = 1;
    batch.content = batch.remainder = Compressor().Compress(raw);
    batch.content_bytes = batch.remainder_bytes = static_cast<uint32_t>(raw.size());
    batch.drops.Add(DropReason::kRefused, 5);
    outbox_.Put(batch);
  }

  fakes::FakeClock clock_;
  fakes::FakeCollector collector_;
  UplinkOptions options_;
  Greeting greeting_;
  Surroundings around_;
  Outbox outbox_;
  std::unique_ptr<Delivery> delivery_;
  absl::Status trouble_;
  int failures_ = 0;
  std::vector<std::string> refused_;
  uint32_t config_hz_ = 0;
  bool config_paused_ = false;
  int batch_requests_ = 0;
};

TEST_F(DeliveryTest, GreetsThenDelivers) {
  Put(1);
  Put(2);
  RunFor(absl::Milliseconds(100));

  ASSERT_EQ(collector_.hellos().size(), 1u);
  EXPECT_EQ(collector_.hellos()[0].environment_id(), "0123456789abcdef");
  EXPECT_EQ(collector_.durable(), 2u);
  EXPECT_EQ(outbox_.backlog().batches, 0u);
}

TEST_F(DeliveryTest, GreetsAgainBeforeTheNextBatchWhenMoreIsKnown) {
  Put(1);
  RunFor(absl::Milliseconds(100));
  greeting_.runtime = "python3.12";
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(collector_.hellos().size(), 1u) << "nothing is sent for it alone";

  Put(2);
  Put(3);
  RunFor(absl::Milliseconds(100));

  ASSERT_EQ(collector_.hellos().size(), 2u);
  EXPECT_EQ(collector_.hellos()[1].runtime(), "python3.12");
  EXPECT_EQ(collector_.opened(), 1u) << "on the same stream";
  EXPECT_EQ(collector_.durable(), 3u);
  EXPECT_EQ(outbox_.backlog().batches, 0u);
}

TEST_F(DeliveryTest, AStreamThatIsEndedForAHelloIsNoRefusedBatch) {
  Put(1);
  RunFor(absl::Milliseconds(100));
  collector_.EndAtNextHello(absl::InvalidArgumentError("stream: a second hello"));
  greeting_.runtime = "python3.12";
  Put(2);
  RunFor(absl::Seconds(1));

  EXPECT_TRUE(absl::IsInvalidArgument(trouble_)) << trouble_;
  EXPECT_EQ(refused_, std::vector<std::string>());
  ASSERT_EQ(collector_.hellos().size(), 3u) << "the third begins a stream, and knows all";
  EXPECT_EQ(collector_.hellos()[2].runtime(), "python3.12");
  EXPECT_EQ(collector_.opened(), 2u);
  EXPECT_EQ(collector_.durable(), 2u);
  EXPECT_EQ(outbox_.backlog().batches, 0u);
}

TEST_F(DeliveryTest, ResendsWhatWasNotAcknowledged) {
  collector_.HoldAnswers();
  Put(1);
  RunFor(absl::Milliseconds(50));
  collector_.Answer();  // Welcome
  collector_.HoldAnswers();
  RunFor(absl::Milliseconds(50));
  EXPECT_EQ(collector_.durable(), 1u);
  EXPECT_EQ(outbox_.backlog().batches, 1u);

  collector_.Break();
  collector_.Answer();
  RunFor(absl::Seconds(1));

  EXPECT_EQ(collector_.hellos().size(), 2u);
  EXPECT_EQ(outbox_.backlog().batches, 0u);
  EXPECT_EQ(collector_.violations(), std::vector<std::string>());
}

TEST_F(DeliveryTest, BacksOffButNotForEver) {
  collector_.Down();
  RunFor(absl::Minutes(1));
  const uint64_t attempts = collector_.opened();
  EXPECT_GE(attempts, 12u);
  EXPECT_LE(attempts, 40u);
  EXPECT_FALSE(trouble_.ok());
  EXPECT_EQ(failures_, static_cast<int>(attempts));

  collector_.Up();
  Put(1);
  RunFor(absl::Seconds(6));
  EXPECT_EQ(collector_.durable(), 1u);
}

TEST_F(DeliveryTest, TriesAtOnceAfterAThaw) {
  collector_.Down();
  RunFor(absl::Minutes(1));
  collector_.Up();
  Put(1);

  clock_.Freeze(absl::Minutes(1));
  RunFor(absl::Milliseconds(25));

  EXPECT_EQ(collector_.durable(), 1u);
}

TEST_F(DeliveryTest, ReplacesAStreamThatWasFrozenTooLong) {
  RunFor(absl::Milliseconds(50));
  collector_.Vanish();

  clock_.Freeze(absl::Minutes(10));
  Put(1);
  RunFor(absl::Milliseconds(50));

  EXPECT_EQ(collector_.opened(), 2u);
  EXPECT_EQ(collector_.durable(), 1u);
}

TEST_F(DeliveryTest, ReplacesAStreamWhoseAcknowledgementIsOverdue) {
  RunFor(absl::Milliseconds(50));
  collector_.Vanish();
  Put(1);
  RunFor(absl::Seconds(4));
  EXPECT_EQ(collector_.opened(), 1u);

  RunFor(absl::Seconds(2));
  EXPECT_EQ(collector_.opened(), 2u);
  EXPECT_EQ(collector_.durable(), 1u);
}

TEST_F(DeliveryTest, AShortFreezeDoesNotCountAgainstTheCollector) {
  RunFor(absl::Milliseconds(50));
  collector_.HoldAnswers();
  Put(1);
  RunFor(absl::Milliseconds(50));
  clock_.Freeze(absl::Seconds(10));
  RunFor(absl::Seconds(1));
  collector_.Answer();
  RunFor(absl::Milliseconds(50));

  EXPECT_EQ(collector_.opened(), 1u);
  EXPECT_EQ(outbox_.backlog().batches, 0u);
}

TEST_F(DeliveryTest, KeepsTheWindow) {
  options_.window_batches = 3;
  Restart();
  RunFor(absl::Milliseconds(50));
  collector_.HoldAnswers();
  for (uint64_t i = 1; i <= 10; ++i) Put(i);
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(collector_.durable(), 3u);

  collector_.Answer();
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(collector_.durable(), 10u);
}

TEST_F(DeliveryTest, ARejectedBatchIsNotResent) {
  collector_.RejectNext();
  Put(1);
  RunFor(absl::Seconds(20));

  EXPECT_EQ(collector_.opened(), 1u);
  EXPECT_EQ(outbox_.backlog().batches, 0u);
  EXPECT_TRUE(outbox_.TakeDebt().new_epoch);
  EXPECT_EQ(batch_requests_, 1);
  EXPECT_EQ(refused_.size(), 1u);
}

TEST_F(DeliveryTest, LearnsOfARejectionWhoseAnswerWasLost) {
  RunFor(absl::Milliseconds(50));
  collector_.RejectNext();
  collector_.CutAtAnswer(1);
  Put(1);
  RunFor(absl::Seconds(1));

  EXPECT_EQ(collector_.opened(), 2u);
  EXPECT_EQ(outbox_.backlog().batches, 0u);
  EXPECT_EQ(outbox_.TakeDebt().lost.of(DropReason::kRefused), 5u);
  EXPECT_EQ(refused_.size(), 1u);
  EXPECT_EQ(batch_requests_, 1);
}

TEST_F(DeliveryTest, CountsARejectedBatchOnceHoweverOftenItIsTold) {
  collector_.RejectNext();
  Put(1);
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(outbox_.TakeDebt().lost.of(DropReason::kRefused), 5u);

  collector_.Break();
  RunFor(absl::Seconds(1));
  v1::ServerMessage again;
  again.mutable_rejected()->set_sequence(1);
  collector_.Say(again);
  RunFor(absl::Milliseconds(50));

  EXPECT_EQ(collector_.hellos().back().settled_sequence(), 1u);
  EXPECT_FALSE(outbox_.owes());
}

TEST_F(DeliveryTest, SurvivesNonsense) {
  Put(1);
  v1::ServerMessage ack, rejected, late_welcome;
  ack.mutable_ack()->set_durable_sequence(std::numeric_limits<uint64_t>::max());
  rejected.mutable_rejected()->set_sequence(77);
  late_welcome.mutable_welcome()->set_durable_sequence(99);
  RunFor(absl::Milliseconds(50));
  for (const v1::ServerMessage& message : {ack, rejected, late_welcome, v1::ServerMessage()}) {
    collector_.Say(message);
  }
  RunFor(absl::Milliseconds(50));
  Put(2);
  RunFor(absl::Milliseconds(50));

  EXPECT_EQ(collector_.durable(), 2u);
  EXPECT_EQ(collector_.opened(), 1u);
}

TEST_F(DeliveryTest, PassesTheCollectorsWishesOn) {
  RunFor(absl::Milliseconds(50));
  v1::ServerMessage message;
  message.mutable_config()->set_sample_hz(10);
  message.mutable_config()->set_paused(true);
  collector_.Say(message);
  RunFor(absl::Milliseconds(50));

  EXPECT_EQ(config_hz_, 10u);
  EXPECT_TRUE(config_paused_);
}

TEST_F(DeliveryTest, AsksForABatchBeforeATimeout) {
  around_.phase = Phase::kInvoke;
  around_.phase_serial = 1;
  around_.deadline = clock_.UnixTime() + absl::Seconds(3);
  RunFor(absl::Seconds(2));
  EXPECT_EQ(batch_requests_, 0);

  RunFor(absl::Milliseconds(600));
  EXPECT_EQ(batch_requests_, 1);
}

TEST_F(DeliveryTest, FinalFlushEndsWhenAllIsDurable) {
  options_.flush = FlushMode::kEnd;
  Restart();
  Put(1);
  RunFor(absl::Seconds(5));
  EXPECT_EQ(collector_.durable(), 0u);

  around_.final = true;
  around_.deadline = clock_.UnixTime() + absl::Milliseconds(1500);
  RunFor(absl::Milliseconds(50));

  EXPECT_TRUE(delivery_->finished());
  EXPECT_EQ(collector_.durable(), 1u);
}

TEST_F(DeliveryTest, FinalFlushGivesUpEarlyWithoutACollector) {
  collector_.Down();
  Put(1);
  RunFor(absl::Seconds(30));

  around_.final = true;
  around_.deadline = clock_.UnixTime() + absl::Milliseconds(1500);
  RunFor(absl::Milliseconds(200));

  EXPECT_TRUE(delivery_->finished());
}

TEST_F(DeliveryTest, FinalFlushKeepsItsDeadline) {
  collector_.HoldAnswers();
  Put(1);
  around_.final = true;
  around_.deadline = clock_.UnixTime() + absl::Milliseconds(1500);
  RunFor(absl::Milliseconds(1400));
  EXPECT_FALSE(delivery_->finished());

  RunFor(absl::Milliseconds(150));
  EXPECT_TRUE(delivery_->finished());
}

// The whole way, from observations to what a collector has, whatever happens on it.
class AccountingTest : public DeliveryTest, public ::testing::WithParamInterface<uint32_t> {
 protected:
  AccountingTest() : DeliveryTest(GetParam() % 3 == 0 ? 3'000 : 1 << 20) {}

  void RunAll(absl::Duration time) {
    const int64_t until = clock_.MonotonicNs() + absl::ToInt64Nanoseconds(time);
    while (clock_.MonotonicNs() < until) {
      const int64_t next_ns = std::min(until, loop_.Step());
      RunFor(absl::Nanoseconds(std::max<int64_t>(next_ns - clock_.MonotonicNs(), 1000)));
    }
  }
  void Post(InvocationEvent::Kind kind, std::string request_id) {
    InvocationEvent event;
    event.kind = kind;
    event.time = clock_.UnixTime();
    event.request_id = std::move(request_id);
    inputs_.Post(std::move(event));
  }

  fakes::FakeMetricsSource metrics_{clock_};
  SessionInputs inputs_;
  fakes::FakeProcessSampler* process_ = nullptr;
  SamplingLoop loop_{SessionOptions{},
                     clock_,
                     [this]() -> absl::StatusOr<std::unique_ptr<ProcessSampler>> {
                       auto process = std::make_unique<fakes::FakeProcessSampler>(clock_, 42);
                       process_ = process.get();
                       process_->Run(1, {"main"});
                       process_->Block(2, {"wait", "worker"});
                       return std::unique_ptr<ProcessSampler>(std::move(process));
                     },
                     metrics_,
                     outbox_,
                     inputs_,
                     clock_.MonotonicNs()};
};

TEST_P(AccountingTest, EverySampleArrivesOrIsCounted) {
  SCOPED_TRACE(GetParam());
  std::mt19937 random(GetParam());
  const auto upto = [&random](uint64_t bound) { return random() % bound; };
  int request = 0;
  uint64_t acknowledged = 0;
  RunAll(absl::Milliseconds(50));
  for (int step = 0; step < 150; ++step) {
    RunAll(absl::Milliseconds(static_cast<int64_t>(upto(400))));
    const std::string name = "f" + std::to_string(upto(200));
    switch (upto(15)) {
      case 0:
        clock_.Freeze(absl::Seconds(static_cast<int64_t>(upto(600))));
        break;
      case 1:
        collector_.Down();
        break;
      case 2:
      case 3:
        collector_.Up();
        break;
      case 4:
        collector_.Break();
        break;
      case 5:
        collector_.HoldAnswers();
        break;
      case 6:
        collector_.Answer();
        break;
      case 7:
        collector_.Vanish();
        break;
      case 8:
        if (GetParam() % 2 == 0) collector_.RejectNext();
        break;
      case 9:
        acknowledged = std::max(acknowledged, outbox_.acked());
        if (GetParam() % 4 == 1) collector_.Forget(acknowledged);
        break;
      case 10:
        process_->Run(1, {name, "g" + name, "main"});
        break;
      case 11:
        process_->Drop(3, DropReason::kRefused);
        break;
      case 12:
        Post(InvocationEvent::Kind::kInvoke, std::to_string(++request));
        break;
      case 13:
        Post(InvocationEvent::Kind::kRuntimeDone, std::to_string(request));
        break;
      case 14:
        collector_.CutAtAnswer(static_cast<int>(1 + upto(4)));
        break;
    }
  }
  collector_.Up();
  collector_.Answer();
  collector_.CutAtAnswer(0);
  // Twice: the first batch may itself find that it starts after a loss.
  for (int i = 0; i < 3; ++i) {
    inputs_.RequestFlush();
    RunAll(absl::Seconds(20));
  }
  loop_.Finish();
  RunFor(absl::Seconds(20));

  EXPECT_EQ(outbox_.backlog().batches, 0u);
  EXPECT_FALSE(outbox_.owes());
  EXPECT_EQ(collector_.violations(), std::vector<std::string>());
  EXPECT_EQ(collector_.observations() + collector_.drops(), loop_.observed());
  EXPECT_GT(collector_.observations(), 1000u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AccountingTest, ::testing::Range(1u, 121u));

}  // namespace
}  // namespace lambent
