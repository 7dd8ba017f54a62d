// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/telemetry_listener.h"

#include <array>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "extensions/lambda_api/http_client.h"

namespace lambent {
namespace {

using ::testing::ElementsAre;

class TelemetryListenerTest : public ::testing::Test {
 protected:
  TelemetryListenerTest()
      : listener_(*TelemetryListener::Start([this](std::string_view body) {
          absl::MutexLock lock(&mutex_);
          bodies_.emplace_back(body);
        })) {}

  os::Endpoint endpoint() const { return {"127.0.0.1", listener_->port()}; }

  // The status of the answer to a POST of `body`; 0: none came.
  int Post(HttpClient& client, const std::string& body) {
    HttpMessage request;
    request.method = "POST";
    request.target = "/";
    request.body = body;
    const absl::StatusOr<HttpMessage> response = client.Send(request, os::kNoDeadline);
    return response.ok() ? response->status : 0;
  }

  // What the sink got, once it got `count`: the answer comes before the sink is called.
  std::vector<std::string> Bodies(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return bodies_.size() >= count;
    };
    mutex_.Await(absl::Condition(&enough));
    return bodies_;
  }

  absl::Mutex mutex_;
  std::vector<std::string> bodies_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<TelemetryListener> listener_;
};

TEST_F(TelemetryListenerTest, NamesItselfAsThePlatformWantsIt) {
  EXPECT_EQ(listener_->uri(), absl::StrCat("http://sandbox.localdomain:", listener_->port(), "/"));
}

TEST_F(TelemetryListenerTest, AnswersOkToAnythingAndPassesItOn) {
  HttpClient client(endpoint());
  EXPECT_EQ(Post(client, "[]"), 200);
  EXPECT_EQ(Post(client, "not json"), 200);
  EXPECT_THAT(Bodies(2), ElementsAre("[]", "not json"));
}

TEST_F(TelemetryListenerTest, ServesSeveralConnectionsAtOnce) {
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<HttpClient>(endpoint()));
    ASSERT_EQ(Post(*clients.back(), "a"), 200);
  }
  for (const auto& client : clients) EXPECT_EQ(Post(*client, "b"), 200);
  EXPECT_EQ(Bodies(10).size(), 10u);
}

TEST_F(TelemetryListenerTest, OutlivesPeersThatMisbehave) {
  for (const std::string bytes :
       {"garbage\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf"}) {
    absl::StatusOr<os::StreamSocket> socket =
        os::StreamSocket::Connect(endpoint(), os::kNoDeadline);
    ASSERT_TRUE(socket.ok());
    ASSERT_TRUE(socket->Write(bytes, os::kNoDeadline).ok());
  }
  HttpClient client(endpoint());
  EXPECT_EQ(Post(client, "fine"), 200);
  EXPECT_THAT(Bodies(1), ElementsAre("fine"));
}

TEST_F(TelemetryListenerTest, AMassOfIdleConnectionsDoesNotLockThePlatformOut) {
  std::vector<os::StreamSocket> idle;
  for (int i = 0; i < 40; ++i) {
    absl::StatusOr<os::StreamSocket> socket =
        os::StreamSocket::Connect(endpoint(), os::kNoDeadline);
    ASSERT_TRUE(socket.ok());
    idle.push_back(*std::move(socket));
  }
  HttpClient client(endpoint());
  EXPECT_EQ(Post(client, "fine"), 200);
}

TEST_F(TelemetryListenerTest, AnswersOkToABodyBeyondItsBoundAndKeepsTheBeginning) {
  HttpClient client(endpoint());
  EXPECT_EQ(Post(client, std::string((4 << 20) + 100, 'x')), 200);
  EXPECT_EQ(Bodies(1)[0].size(), 4u << 20);
  EXPECT_EQ(Post(client, "next"), 200);
}

TEST_F(TelemetryListenerTest, SaysContinueToAPeerThatWaitsForIt) {
  absl::StatusOr<os::StreamSocket> socket = os::StreamSocket::Connect(endpoint(), os::kNoDeadline);
  ASSERT_TRUE(socket.ok());
  ASSERT_TRUE(socket
                  ->Write("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
                          os::kNoDeadline)
                  .ok());
  std::array<char, 100> answer;
  const absl::StatusOr<size_t> got = socket->Read(absl::MakeSpan(answer), os::kNoDeadline);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(std::string(answer.data(), *got), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(socket->Write("[]", os::kNoDeadline).ok());
  EXPECT_THAT(Bodies(1), ElementsAre("[]"));
}

}  // namespace
}  // namespace lambent
