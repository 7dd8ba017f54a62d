// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

#include "extensions/local/http_server.h"
#include "extensions/local/subscription.h"
#include "extensions/local/telemetry_buffer.h"
#include "extensions/local/telemetry_fault_batches.h"
#include "extensions/local/telemetry_hub.h"
#include "extensions/local/telemetry_record.h"
#include "tests/fakes/fake_clock.h"

namespace lambent::local {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kMillisecond = 1'000'000;

TEST(TelemetryBufferTest, BatchIsDueWhenTheOldestEventIsOldEnough) {
  TelemetryBuffer buffer({1000, 262'144, 25});
  EXPECT_EQ(buffer.DueAt(), TelemetryBuffer::kNever);
  buffer.Add("a", 100);
  buffer.Add("b", 200);
  EXPECT_EQ(buffer.DueAt(), 100 + 25 * kMillisecond);
  EXPECT_THAT(buffer.TakeBatch(), ElementsAre("a", "b"));
  EXPECT_TRUE(buffer.empty());
}

TEST(TelemetryBufferTest, BatchIsDueAtOnceWhenItIsFullByItemsOrBytes) {
  TelemetryBuffer by_items({2, 262'144, 1000});
  for (const char* event : {"a", "b", "c"}) by_items.Add(event, 5);
  EXPECT_EQ(by_items.DueAt(), 0);
  EXPECT_THAT(by_items.TakeBatch(), ElementsAre("a", "b"));
  EXPECT_EQ(by_items.DueAt(), 5 + 1000 * kMillisecond) << "one is left, and not full";

  TelemetryBuffer by_bytes({100, 10, 1000});
  for (const char* event : {"12345", "12345", "1"}) by_bytes.Add(event, 5);
  EXPECT_EQ(by_bytes.DueAt(), 0);
  EXPECT_THAT(by_bytes.TakeBatch(), ElementsAre("12345", "12345"));
}

TEST(TelemetryBufferTest, EventLargerThanABatchGoesAlone) {
  TelemetryBuffer buffer({100, 4, 1000});
  buffer.Add("123456", 0);
  buffer.Add("1", 0);
  EXPECT_THAT(buffer.TakeBatch(), ElementsAre("123456"));
}

TEST(TelemetryBufferTest, SubscriberFarBehindLosesTheOldestAndTheyAreCounted) {
  TelemetryBuffer buffer({100, 10, 1000});
  for (int i = 0; i < 20; ++i) buffer.Add("12345", i);
  const TelemetryBuffer::Dropped dropped = buffer.TakeDropped();
  EXPECT_EQ(dropped.records, 4);
  EXPECT_EQ(dropped.bytes, 20);
  EXPECT_EQ(buffer.TakeDropped().records, 0);
}

TEST(TelemetryFaultsTest, BodiesCarryTheFaultsAskedFor) {
  EXPECT_THAT(BodiesOf({"1", "2"}, {}), ElementsAre("[1,2]"));
  TelemetryFaults faults;
  faults.duplicate = faults.out_of_order = true;
  EXPECT_THAT(BodiesOf({"1", "2"}, faults), ElementsAre("[2,1]", "[2,1]"));
  TelemetryFaults broken;
  broken.malformed = broken.unknown = true;
  const std::vector<std::string> bodies = BodiesOf({"1"}, broken);
  ASSERT_EQ(bodies.size(), 2u);
  EXPECT_FALSE(nlohmann::json::accept(bodies[0]));
  EXPECT_TRUE(nlohmann::json::accept(bodies[1]));
  EXPECT_THAT(bodies[1], HasSubstr("platform.nobodyKnows"));
}

std::string Body(const std::string& buffering, const std::string& uri) {
  return R"({"schemaVersion":"2022-12-13","types":["platform"],"buffering":)" + buffering +
         R"(,"destination":{"protocol":"HTTP","URI":")" + uri + R"("}})";
}

TEST(SubscriptionTest, ReadsWhatTheApiDocuments) {
  const auto subscription = ParseSubscription(
      Body(R"({"maxItems":1000,"timeoutMs":25})", "http://sandbox.localdomain:4243/telemetry"));
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  EXPECT_EQ(subscription->port, 4243);
  EXPECT_EQ(subscription->path, "/telemetry");
  EXPECT_EQ(subscription->buffering.max_items, 1000);
  EXPECT_EQ(subscription->buffering.max_bytes, 262'144);
  EXPECT_EQ(subscription->buffering.timeout_ms, 25);
}

TEST(SubscriptionTest, RefusesWhatTheApiRefuses) {
  const std::string good = "http://sandbox:1/";
  EXPECT_TRUE(ParseSubscription(Body("{}", good)).ok());
  for (const std::string& body :
       {std::string("[]"), std::string("{"), std::string(40'000, '['),
        Body(R"({"timeoutMs":24})", good), Body(R"({"maxItems":999})", good),
        Body(R"({"maxBytes":1048577})", good), Body(R"({"maxBytes":18446744073709551615})", good),
        Body(R"({"timeoutMs":"25"})", good), Body("7", good), Body("{}", "http://127.0.0.1:1/"),
        Body("{}", "https://sandbox:1/"), Body("{}", "http://sandbox:0/"),
        Body("{}", "http://sandbox:70000/"), Body("{}", "http://sandbox:1/a b")}) {
    EXPECT_FALSE(ParseSubscription(body).ok()) << body.substr(0, 200);
  }
}

TEST(TelemetryRecordTest, FactsHaveTheShapeOfTheSchema) {
  RecordContext context;
  context.function_name = "f";
  context.function_version = "7";
  const absl::Time now = absl::FromUnixMillis(1'777'888'999'123);
  RuntimeDone done{"r1", Status::kTimeout, "Sandbox.Timedout", 3000.1234567};
  const auto event = FactEvent(done, context, now);
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->type, "platform.runtimeDone");
  const nlohmann::json json = nlohmann::json::parse(event->json);
  EXPECT_EQ(json["time"], "2026-05-04T10:03:19.123Z");
  EXPECT_EQ(json["record"]["requestId"], "r1");
  EXPECT_EQ(json["record"]["status"], "timeout");
  EXPECT_EQ(json["record"]["metrics"]["durationMs"], 3000.123);
  EXPECT_FALSE(json["record"].contains("spans")) << "no response, no latency";
  EXPECT_FALSE(FactEvent(LaunchRuntime{}, context, now).has_value());
}

TEST(TelemetryRecordTest, LinesThatAreNotTextStayValidJson) {
  const TelemetryEvent event = LineEvent("function", "a\xff\"\n", absl::UnixEpoch());
  EXPECT_TRUE(nlohmann::json::accept(event.json));
}

// A subscriber on the same loop, whose answers can be chosen.
class TelemetryHubTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = HttpServer::Create(loop_, [this](Ticket ticket, const HttpMessage& request) {
      received_.push_back(request.body);
      if (answer_status_ != 0) server_->Reply(ticket, {answer_status_, {}, ""});
    });
    ASSERT_TRUE(server.ok());
    server_ = *std::move(server);
  }

  Subscription Wanted() {
    Subscription subscription;
    subscription.types = {"platform"};
    subscription.buffering.timeout_ms = 25;
    subscription.port = server_->port();
    subscription.path = "/";
    return subscription;
  }

  // Turns the loop until nothing more happens.
  void Settle() {
    for (int i = 0; i < 50; ++i) {
      hub_.OnTime();
      ASSERT_TRUE(loop_.Turn(1 * kMillisecond).ok());
    }
  }

  fakes::FakeClock clock_;
  EventLoop loop_;
  std::unique_ptr<HttpServer> server_;
  TelemetryHub hub_{loop_, clock_, {}};
  std::vector<std::string> received_;
  int answer_status_ = 200;
  const TelemetryEvent event_{"platform", "platform.start", "1"};
  const TelemetryEvent line_{"function", "function", "2"};
};

TEST_F(TelemetryHubTest, SendsABatchOfTheSubscribedTypesWhenItIsDue) {
  hub_.Subscribe("id", Wanted());
  hub_.Emit(event_);
  hub_.Emit(line_);
  hub_.Emit(event_);
  Settle();
  EXPECT_THAT(received_, ElementsAre());
  clock_.Advance(absl::Milliseconds(25));
  Settle();
  EXPECT_THAT(received_, ElementsAre("[1,1]"));
}

TEST_F(TelemetryHubTest, SubscriberGetsWhatHappenedBeforeItCame) {
  hub_.Emit(event_);
  hub_.Subscribe("id", Wanted());
  clock_.Advance(absl::Milliseconds(25));
  Settle();
  EXPECT_THAT(received_, ElementsAre("[1]"));
}

TEST_F(TelemetryHubTest, NothingIsSentWhileFrozenAndAllIsAfterTheThaw) {
  hub_.Subscribe("id", Wanted());
  hub_.Emit(event_);
  hub_.Pause();
  hub_.Emit(event_);
  clock_.Freeze(absl::Minutes(5));
  Settle();
  EXPECT_THAT(received_, ElementsAre());
  hub_.Resume();
  Settle();
  EXPECT_THAT(received_, ElementsAre("[1,1]"));
}

TEST_F(TelemetryHubTest, BatchInFlightAtTheFreezeIsFinishedAfterTheThawAndNotSentTwice) {
  answer_status_ = 0;  // the subscriber was stopped before it could answer
  hub_.Subscribe("id", Wanted());
  hub_.Emit(event_);
  clock_.Advance(absl::Milliseconds(25));
  Settle();
  ASSERT_THAT(received_, ElementsAre("[1]"));
  hub_.Pause();
  clock_.Freeze(absl::Hours(1));
  hub_.Resume();
  server_->Reply(1, {200, {}, ""});
  Settle();
  EXPECT_THAT(received_, ElementsAre("[1]"));
}

TEST_F(TelemetryHubTest, RefusedBatchIsSentAgainAfterAPause) {
  answer_status_ = 500;
  hub_.Subscribe("id", Wanted());
  hub_.Emit(event_);
  clock_.Advance(absl::Milliseconds(25));
  Settle();
  EXPECT_THAT(received_, ElementsAre("[1]"));
  answer_status_ = 200;
  clock_.Advance(absl::Seconds(1));
  Settle();
  EXPECT_THAT(received_, ElementsAre("[1]", "[1]"));
  clock_.Advance(absl::Seconds(10));
  Settle();
  EXPECT_EQ(received_.size(), 2u) << "answered with 200: delivered";
}

TEST_F(TelemetryHubTest, ShutdownDoesNotWaitForBatchesToFill) {
  hub_.Subscribe("id", Wanted());
  hub_.Emit(event_);
  hub_.SendAtOnce();
  Settle();
  EXPECT_THAT(received_, ElementsAre("[1]"));
}

}  // namespace
}  // namespace lambent::local
