// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "collector/server/ingest_session.h"
#include "extensions/stream/delivery.h"
#include "profiler/session/sampling_loop.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_metrics_source.h"
#include "tests/fakes/fake_process_sampler.h"
#include "tests/support/store_fixture.h"

namespace lambent {
namespace {

// What carries messages between the two real ends, and may lose any of them by losing the
// connection with it.
struct Wire {
  int cut_in = 0;      // the connection dies with the message after so many; 0: it does not
  bool spoil = false;  // the next batch is damaged, so that it is refused
  uint64_t rejected = 0;

  bool Carries() { return cut_in == 0 || --cut_in != 0; }
};

// A stream to a collector's session without a network in between.
class WiredStream final : public BatchStream {
 public:
  WiredStream(Wire& wire, std::unique_ptr<collector::IngestSession> session)
      : wire_(wire), session_(std::move(session)) {}

  void Write(const v1::ClientMessage& message) override {
    if (session_ == nullptr) return;
    Push(StreamEvent::Kind::kWritten);
    if (!wire_.Carries()) return Close();
    v1::ClientMessage carried = message;
    if (carried.has_batch() && std::exchange(wire_.spoil, false)) {
      carried.mutable_batch()->set_content_bytes(carried.batch().content_bytes() + 1);
    }
    absl::StatusOr<v1::ServerMessage> answer = session_->Answer(carried);
    if (answer.ok() && answer->has_rejected()) ++wire_.rejected;
    if (!answer.ok() || !wire_.Carries()) return Close();
    Push(StreamEvent::Kind::kMessage);
    events_.back().message = *std::move(answer);
  }
  StreamEvent Next(absl::Duration) override {
    if (events_.empty()) return {};
    StreamEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  void Wake() override {}

 private:
  void Push(StreamEvent::Kind kind) { events_.emplace_back().kind = kind; }
  void Close() {
    session_.reset();
    Push(StreamEvent::Kind::kClosed);
    events_.back().status = absl::UnavailableError("cut");
  }

  Wire& wire_;
  std::unique_ptr<collector::IngestSession> session_;
  std::deque<StreamEvent> events_;
};

// The extension's sampling, outbox and protocol against the collector's protocol and store.
class DeliveryToStoreTest : public testing::StoreTest,
                            public ::testing::WithParamInterface<uint32_t> {
 protected:
  DeliveryToStoreTest() {
    greeting_.environment_id = std::string(16, 'e');
    greeting_.function_name = "f";
  }

  // Lets the uplink do all it can now.
  void Deliver() {
    // Twice nothing: the first may have led to a message and its answer.
    for (int idle = 0; idle < 2;) {
      StreamEvent event;
      if (delivery_.stream() != nullptr) event = delivery_.stream()->Next(absl::ZeroDuration());
      delivery_.Advance(event, around_, greeting_);
      idle = event.kind == StreamEvent::Kind::kTimeout ? idle + 1 : 0;
    }
  }

  void RunFor(absl::Duration time) {
    const int64_t until = clock_.MonotonicNs() + absl::ToInt64Nanoseconds(time);
    while (clock_.MonotonicNs() < until) {
      const int64_t next_ns = std::min(until, loop_.Step());
      Deliver();
      clock_.Advance(absl::Nanoseconds(std::max<int64_t>(next_ns - clock_.MonotonicNs(), 1000)));
    }
  }

  fakes::FakeClock clock_;
  Wire wire_;
  collector::IngestCounters counters_;
  collector::SymbolRequests requests_;
  UplinkOptions options_{.flush = FlushMode::kImmediate};
  Greeting greeting_;
  Surroundings around_;
  Outbox outbox_{uint64_t{1} << 20};
  Delivery delivery_{options_, clock_, outbox_,
                     [this] {
                       auto session = std::make_unique<collector::IngestSession>(*store_, counters_,
                                                                                 requests_, clock_);
                       return std::make_unique<WiredStream>(wire_, std::move(session));
                     },
                     UplinkCallbacks{}};
  fakes::FakeMetricsSource metrics_{clock_};
  SessionInputs inputs_;
  fakes::FakeProcessSampler* process_ = nullptr;
  SamplingLoop loop_{SessionOptions{},
                     clock_,
                     [this]() -> absl::StatusOr<std::unique_ptr<ProcessSampler>> {
                       auto process = std::make_unique<fakes::FakeProcessSampler>(clock_, 42);
                       process_ = process.get();
                       process_->Run(1, {"main"});
                       return std::unique_ptr<ProcessSampler>(std::move(process));
                     },
                     metrics_,
                     outbox_,
                     inputs_,
                     clock_.MonotonicNs()};
};

TEST_P(DeliveryToStoreTest, EverySampleIsStoredOrCountedAsDropped) {
  std::mt19937 random(GetParam());
  const auto upto = [&random](uint32_t bound) { return static_cast<int>(random() % bound); };
  RunFor(absl::Milliseconds(50));
  for (int step = 0; step < 40; ++step) {
    if (upto(2) == 0) wire_.cut_in = 1 + upto(5);
    if (upto(3) == 0) wire_.spoil = true;
    if (upto(3) == 0) process_->Run(1, {"f" + std::to_string(upto(50)), "main"});
    if (upto(5) == 0) clock_.Freeze(absl::Seconds(upto(600)));
    inputs_.RequestFlush();
    RunFor(absl::Milliseconds(1 + upto(300)));
  }
  wire_ = Wire{.rejected = wire_.rejected};
  // A rejection makes a debt, which the batch after it reports.
  for (int i = 0; i < 3; ++i) {
    inputs_.RequestFlush();
    RunFor(absl::Seconds(12));
  }

  loop_.Finish();
  Deliver();

  EXPECT_EQ(outbox_.backlog().batches, 0u);
  EXPECT_FALSE(outbox_.owes());
  const Sums all = Count();
  EXPECT_EQ(all.samples + all.drops, loop_.observed());
  EXPECT_GT(all.samples, 500u);
  EXPECT_GT(wire_.rejected, 3u);
  EXPECT_GT(all.drops, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DeliveryToStoreTest, ::testing::Range(1u, 13u));

}  // namespace
}  // namespace lambent
