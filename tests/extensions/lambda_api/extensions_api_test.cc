// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/extensions_api.h"

#include <atomic>
#include <string>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/fakes/stub_http_server.h"

namespace lambent {
namespace {

using fakes::JsonAnswer;
using fakes::StubAnswer;
using fakes::StubHttpServer;
using ::testing::HasSubstr;

constexpr std::string_view kBoth[] = {"INVOKE", "SHUTDOWN"};
constexpr char kInvoke[] =
    R"({"eventType":"INVOKE","deadlineMs":1775516174092,"requestId":"29b2a6dc","invokedFunctionArn":"arn:x"})";

StubAnswer Registered() {
  return JsonAnswer(
      200,
      R"({"functionName":"f","functionVersion":"$LATEST","handler":"a.b","accountId":"123456789012"})",
      {{"Lambda-Extension-Identifier", "id-1"}});
}

// Registered once, then answers /event/next as told.
StubHttpServer::Handler RegisteredThen(std::function<StubAnswer()> next) {
  return [next = std::move(next)](const HttpMessage& request) {
    return request.target == "/2020-01-01/extension/register" ? Registered() : next();
  };
}

absl::Status StatusOfRegistering(StubAnswer answer) {
  StubHttpServer server([&](const HttpMessage&) { return answer; });
  ExtensionsApi api(server.endpoint());
  return api.Register("lambent", kBoth).status();
}

TEST(ExtensionsApiTest, RegistersWithNameAndEvents) {
  StubHttpServer server([](const HttpMessage&) { return Registered(); });
  ExtensionsApi api(server.endpoint());
  const absl::StatusOr<Registration> registration = api.Register("lambent", kBoth);
  ASSERT_TRUE(registration.ok()) << registration.status();
  EXPECT_EQ(registration->identifier, "id-1");
  EXPECT_EQ(registration->function_name, "f");
  EXPECT_EQ(registration->function_version, "$LATEST");
  EXPECT_EQ(registration->handler, "a.b");
  EXPECT_EQ(registration->account_id, "123456789012");
  const HttpMessage request = server.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/2020-01-01/extension/register");
  EXPECT_EQ(HeaderOf(request.headers, "Lambda-Extension-Name"), "lambent");
  EXPECT_EQ(request.body, R"({"events":["INVOKE","SHUTDOWN"]})");
}

TEST(ExtensionsApiTest, TellsWhyRegistrationWasRefused) {
  const absl::Status refused = StatusOfRegistering(
      JsonAnswer(403, R"({"errorType":"Extension.RegistrationClosed","errorMessage":"too late"})"));
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("Extension.RegistrationClosed (too late)"));
  EXPECT_EQ(StatusOfRegistering(JsonAnswer(500, "")).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(StatusOfRegistering(JsonAnswer(200, "{}")).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(StatusOfRegistering({"garbage\r\n\r\n"}).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(StatusOfRegistering({"HTTP/1.1 200 OK\r\nContent-Le", true}).code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(StatusOfRegistering({"", true}).code(), absl::StatusCode::kAborted);
}

TEST(ExtensionsApiTest, TellsThatNobodyListens) {
  os::Endpoint nobody;
  {
    StubHttpServer server([](const HttpMessage&) { return StubAnswer(); });
    nobody = server.endpoint();
  }
  EXPECT_EQ(ExtensionsApi(nobody).Register("lambent", kBoth).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(ExtensionsApiTest, NextSendsTheIdentifierOverTheSameConnection) {
  StubHttpServer server(RegisteredThen([] { return JsonAnswer(200, kInvoke); }));
  ExtensionsApi api(server.endpoint());
  ASSERT_TRUE(api.Register("lambent", kBoth).ok());
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<ExtensionEvent> event = api.Next();
    ASSERT_TRUE(event.ok()) << event.status();
    ASSERT_TRUE(std::holds_alternative<InvokeEvent>(*event));
    EXPECT_EQ(std::get<InvokeEvent>(*event).request_id, "29b2a6dc");
  }
  EXPECT_EQ(server.connection_count(), 1);
  EXPECT_EQ(HeaderOf(server.requests().at(1).headers, "Lambda-Extension-Identifier"), "id-1");
}

TEST(ExtensionsApiTest, SurvivesAServerThatClosesBetweenCalls) {
  StubHttpServer server(RegisteredThen([] {
    StubAnswer answer = JsonAnswer(200, kInvoke);
    answer.close = true;  // without saying "Connection: close"
    return answer;
  }));
  ExtensionsApi api(server.endpoint());
  ASSERT_TRUE(api.Register("lambent", kBoth).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(api.Next().ok());
  EXPECT_EQ(server.requests().size(), 4u) << "each request arrived once";
}

TEST(ExtensionsApiTest, AsksOnceMoreWhenTheKeptConnectionBreaksBeforeTheAnswer) {
  std::atomic<int> calls{0};
  StubHttpServer server(RegisteredThen([&] {
    return ++calls == 1 ? StubAnswer{"", true} : JsonAnswer(200, kInvoke);
  }));
  ExtensionsApi api(server.endpoint());
  ASSERT_TRUE(api.Register("lambent", kBoth).ok());
  EXPECT_TRUE(api.Next().ok());
  EXPECT_EQ(calls, 2);
}

TEST(ExtensionsApiTest, DoesNotAskAgainAfterHalfAnAnswer) {
  std::atomic<int> calls{0};
  StubHttpServer server(RegisteredThen([&] {
    ++calls;
    return StubAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"eventType\":", true};
  }));
  ExtensionsApi api(server.endpoint());
  ASSERT_TRUE(api.Register("lambent", kBoth).ok());
  EXPECT_EQ(api.Next().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(calls, 1);
}

TEST(ExtensionsApiTest, ReportsAnExitError) {
  StubHttpServer server(RegisteredThen([] { return JsonAnswer(202, R"({"status":"OK"})"); }));
  ExtensionsApi api(server.endpoint());
  ASSERT_TRUE(api.Register("lambent", kBoth).ok());
  ASSERT_TRUE(api.ExitError("Extension.Reason", "line\nwith \xff").ok());
  const HttpMessage request = server.requests().back();
  EXPECT_EQ(request.target, "/2020-01-01/extension/exit/error");
  EXPECT_EQ(HeaderOf(request.headers, "Lambda-Extension-Function-Error-Type"), "Extension.Reason");
  EXPECT_THAT(request.body, HasSubstr(R"("errorMessage":"line\nwith )"));
}

}  // namespace
}  // namespace lambent
