// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"

#include "extensions/lambda_api/http_client.h"
#include "extensions/lambda_api/json_reading.h"
#include "tests/fakes/stub_http_server.h"

namespace lambent::fakes {

// The platform as one extension sees it: registration, events when the test gives them, the
// telemetry subscription. Thread-safe.
class FakePlatform {
 public:
  // How it treats the extension; ordinary unless changed.
  struct Behaviour {
    StubAnswer registration = JsonAnswer(
        200, R"({"functionName":"function","functionVersion":"$LATEST","handler":"a.b"})",
        {{"Lambda-Extension-Identifier", "0b4a8f6e-0000-4000-8000-000000000001"}});
    StubAnswer subscription = JsonAnswer(200, "\"OK\"");
    bool answers_subscription = true;
  };

  FakePlatform() : FakePlatform(Behaviour()) {}
  explicit FakePlatform(Behaviour behaviour)
      : behaviour_(std::move(behaviour)),
        server_([this](const HttpMessage& request) { return Answer(request); }) {}

  ~FakePlatform() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;  // whoever waits for an event gets an error
  }

  std::string address() const { return server_.endpoint().ToString(); }
  std::vector<HttpMessage> requests() const { return server_.requests(); }

  // The next answer to /event/next.
  void Send(const std::string& event) {
    absl::MutexLock lock(&mutex_);
    events_.push_back(event);
  }
  void SendInvoke(const std::string& request_id) {
    Send(R"({"eventType":"INVOKE","requestId":")" + request_id + "\"}");
  }
  void SendShutdown(const std::string& reason) {
    Send(R"({"eventType":"SHUTDOWN","shutdownReason":")" + reason + "\"}");
  }

  // Waits until /event/next has been called `count` times. Every call that has been answered is
  // followed by another one, or by the end of the extension.
  void AwaitNextCalls(int count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return next_calls_ >= count; };
    mutex_.Await(absl::Condition(&enough));
  }

  // Posts a batch to the subscriber, once there is one; the status of its answer.
  int PostTelemetry(const std::string& batch) {
    os::Endpoint subscriber{"127.0.0.1", 0};
    {
      absl::MutexLock lock(&mutex_);
      const auto subscribed = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return subscriber_port_ != 0;
      };
      mutex_.Await(absl::Condition(&subscribed));
      subscriber.port = subscriber_port_;
    }
    HttpMessage request;
    request.method = "POST";
    request.target = "/";
    request.body = batch;
    const absl::StatusOr<HttpMessage> response =
        HttpClient(subscriber).Send(request, os::kNoDeadline);
    return response.ok() ? response->status : 0;
  }

 private:
  StubAnswer Answer(const HttpMessage& request) {
    if (absl::EndsWith(request.target, "/register")) return behaviour_.registration;
    if (absl::EndsWith(request.target, "/telemetry")) return AnswerSubscription(request);
    if (absl::EndsWith(request.target, "/event/next")) return AnswerNext();
    return JsonAnswer(404, "{}");
  }

  StubAnswer AnswerSubscription(const HttpMessage& request) {
    const nlohmann::json body = ParseJson(request.body);
    const std::string uri = body["destination"].value("URI", "");
    absl::MutexLock lock(&mutex_);
    if (!behaviour_.answers_subscription) mutex_.Await(absl::Condition(&closed_));
    subscriber_port_ = static_cast<uint16_t>(std::stoi(uri.substr(uri.rfind(':') + 1)));
    return behaviour_.subscription;
  }

  StubAnswer AnswerNext() {
    absl::MutexLock lock(&mutex_);
    ++next_calls_;
    const auto ready = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return closed_ || !events_.empty();
    };
    mutex_.Await(absl::Condition(&ready));
    if (events_.empty()) return {"", true};
    const std::string event = events_.front();
    events_.pop_front();
    return JsonAnswer(200, event);
  }

  const Behaviour behaviour_;
  absl::Mutex mutex_;
  std::deque<std::string> events_ ABSL_GUARDED_BY(mutex_);
  int next_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  uint16_t subscriber_port_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  StubHttpServer server_;  // last: its threads use the rest
};

}  // namespace lambent::fakes
