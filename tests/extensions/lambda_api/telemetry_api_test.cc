// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/telemetry_api.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "extensions/lambda_api/json_reading.h"
#include "tests/fakes/stub_http_server.h"

namespace lambent {
namespace {

using fakes::JsonAnswer;
using fakes::StubHttpServer;
using ::testing::HasSubstr;

constexpr char kUri[] = "http://sandbox.localdomain:4243/";

absl::StatusOr<Subscription> SubscribeWith(fakes::StubAnswer answer) {
  StubHttpServer server([&](const HttpMessage&) { return answer; });
  return SubscribeTelemetry(server.endpoint(), "id-1", kUri, /*managed_instances=*/false);
}

TEST(TelemetryApiTest, SubscribesToPlatformEventsWithTheLeastBuffering) {
  StubHttpServer server([](const HttpMessage&) { return JsonAnswer(200, "\"OK\""); });
  const absl::StatusOr<Subscription> result =
      SubscribeTelemetry(server.endpoint(), "id-1", kUri, /*managed_instances=*/false);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(*result, Subscription::kSubscribed);
  const HttpMessage request = server.requests().at(0);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/2022-07-01/telemetry");
  EXPECT_EQ(HeaderOf(request.headers, "Lambda-Extension-Identifier"), "id-1");
  const nlohmann::json body = ParseJson(request.body);
  EXPECT_EQ(body["schemaVersion"], "2022-12-13");
  EXPECT_EQ(body["types"], nlohmann::json::array({"platform"}));
  EXPECT_EQ(body["buffering"]["maxItems"], 1000);
  EXPECT_EQ(body["buffering"]["maxBytes"], 262144);
  EXPECT_EQ(body["buffering"]["timeoutMs"], 25);
  EXPECT_EQ(body["destination"]["protocol"], "HTTP");
  EXPECT_EQ(body["destination"]["URI"], kUri);
}

TEST(TelemetryApiTest, KnowsAnEmulatorThatSendsNothing) {
  EXPECT_EQ(*SubscribeWith(JsonAnswer(202, R"({"errorType":"Telemetry.NotSupported"})")),
            Subscription::kNotSupported);
}

TEST(TelemetryApiTest, TakesAnyOtherSuccess) {
  EXPECT_EQ(*SubscribeWith(JsonAnswer(201, "")), Subscription::kSubscribed);
}

TEST(TelemetryApiTest, TellsWhySubscribingFailed) {
  EXPECT_EQ(SubscribeWith(JsonAnswer(403, R"({"errorType":"Telemetry.SubscriptionClosed"})"))
                .status()
                .code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(SubscribeWith(JsonAnswer(500, "")).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(SubscribeWith({"what", true}).status().code(), absl::StatusCode::kDataLoss);
}

TEST(TelemetryApiTest, OnManagedInstancesTriesTheNewestSchemaFirst) {
  StubHttpServer server([](const HttpMessage& request) {
    return ParseJson(request.body)["schemaVersion"] == "2025-01-29"
               ? JsonAnswer(400, R"({"errorType":"ValidationError"})")
               : JsonAnswer(200, "\"OK\"");
  });
  const absl::StatusOr<Subscription> result =
      SubscribeTelemetry(server.endpoint(), "id-1", kUri, /*managed_instances=*/true);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_THAT(server.requests()[0].body, HasSubstr("2025-01-29"));
  EXPECT_THAT(server.requests()[1].body, HasSubstr("2022-12-13"));
}

}  // namespace
}  // namespace lambent
