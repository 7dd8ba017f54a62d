// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The first promise: whatever happens to us, the function's answers are the same, byte for byte.
#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "profiler/os/clock.h"
#include "profiler/os/loopback_socket.h"
#include "profiler/os/poll.h"
#include "tests/integration/integration_fixture.h"

namespace lambent {
namespace {

using support::Arguments;
using support::Finished;

// A server that accepts connections and answers whatever comes with `answer`, or never.
class StrangeServer {
 public:
  explicit StrangeServer(std::string answer) : answer_(std::move(answer)) {
    auto listener = os::ListenOnLoopback(0);
    EXPECT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    thread_ = std::thread([this] { Serve(); });
  }
  ~StrangeServer() {
    stop_ = true;
    thread_.join();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(listener_.port); }
  int connections() const { return connections_; }

 private:
  void Serve() {
    std::vector<os::OwnedFd> clients;
    while (!stop_) {
      std::vector<os::PollEntry> entries = {{.fd = listener_.fd.get(), .want_read = true}};
      for (const os::OwnedFd& client : clients) {
        entries.push_back({.fd = client.get(), .want_read = true});
      }
      if (!os::Poll(entries, 20'000'000).ok()) return;
      for (size_t i = 0; i < clients.size(); ++i) {
        if (!entries[i + 1].readable) continue;
        std::string ignored;
        size_t written = 0;
        if (os::ReadAvailable(clients[i].get(), 1 << 16, &ignored) == os::IoState::kEnd) {
          clients[i].Close();
        } else if (!answer_.empty()) {
          os::WriteAvailable(clients[i].get(), answer_, &written);
        }
      }
      clients.erase(std::remove_if(clients.begin(), clients.end(),
                                   [](const os::OwnedFd& fd) { return fd.get() < 0; }),
                    clients.end());
      if (auto client = os::AcceptConnection(listener_.fd.get()); client.ok()) {
        clients.push_back(*std::move(client));
        ++connections_;
      }
    }
  }

  std::string answer_;
  os::LoopbackListener listener_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

class UntouchedTest : public IntegrationTest {
 protected:
  // The same five invocations in every run: same ids, same events.
  Finished RunInto(const std::string& folder, const std::vector<Arguments>& more,
                   const char* handler = "steady.echo") {
    std::vector<Arguments> parts = more;
    parts.push_back(PythonFunction(kFunctions, handler));
    parts.push_back({"--event", R"({"n": 1, "spin": 0.05, "text": "ü <b> \u0000"})", "--event",
                     R"({"n": 2, "spin": 0.1})"});
    parts.push_back({"--invocations", "5", "--seed", "7", "--timeout", "20", "--freeze-ms", "20",
                     "--response-dir", Path(folder)});
    return Local(parts);
  }

  // With the extension towards `address` and `more`: as without.
  Finished ExpectUntouched(const std::string& address, const Arguments& more = {},
                           const char* handler = "steady.echo") {
    const Finished plain = RunInto("without", {more}, handler);
    const Finished profiled = RunInto("with", {WithExtension(address), more}, handler);
    EXPECT_TRUE(plain.ok()) << plain.Describe();
    EXPECT_TRUE(profiled.ok()) << profiled.Describe();
    const auto expected = Files(Path("without"));
    EXPECT_EQ(expected.size(), 5u);
    EXPECT_EQ(Files(Path("with")), expected);
    return profiled;
  }

  // How often the extension said that profiles do not reach `address`: at most once may it.
  static int SaidUndelivered(const Finished& run, const std::string& address) {
    const std::string line = "lambent: profiles cannot be delivered to " + address + ": ";
    int said = 0;
    for (size_t at = 0; (at = run.err.find(line, at)) != std::string::npos; at += line.size()) {
      ++said;
      const std::string rest = run.err.substr(at, run.err.find('\n', at) - at);
      EXPECT_THAT(rest,
                  testing::HasSubstr("; the function is not affected. Check LAMBENT_COLLECTOR"));
    }
    EXPECT_LE(said, 1) << run.err;
    return said;
  }
};

TEST_F(UntouchedTest, AnswersAreTheSameWithACollector) {
  StartCollector();
  ExpectUntouched(collector().grpc());
  EXPECT_EQ(Invocations().size(), 5u);
}

TEST_F(UntouchedTest, ErrorsAreTheSameWithACollector) {
  StartCollector();
  ExpectUntouched(collector().grpc(), {}, "steady.fail");
}

TEST_F(UntouchedTest, ACollectorThatIsAbsentChangesNothing) {
  auto listener = os::ListenOnLoopback(0);
  ASSERT_TRUE(listener.ok());
  const std::string address = "127.0.0.1:" + std::to_string(listener->port);
  listener->fd.Close();  // a port that nobody serves

  const Finished run = ExpectUntouched(address);
  EXPECT_EQ(SaidUndelivered(run, address), 1) << run.err;
}

TEST_F(UntouchedTest, ACollectorThatNeverAnswersChangesNothing) {
  const StrangeServer silent("");
  const Finished run = ExpectUntouched(silent.address());
  EXPECT_EQ(SaidUndelivered(run, silent.address()), 1) << run.err;
  EXPECT_GT(silent.connections(), 0);
}

TEST_F(UntouchedTest, ACollectorThatAnswersGarbageChangesNothing) {
  const StrangeServer garbage("HTTP/1.1 500 go away\r\n\r\n" + std::string(4096, '\xff'));
  const Finished run = ExpectUntouched(garbage.address());
  EXPECT_EQ(SaidUndelivered(run, garbage.address()), 1) << run.err;
  EXPECT_GT(garbage.connections(), 0);
}

TEST_F(UntouchedTest, AWrongSettingIsOneLineAndChangesNothing) {
  StartCollector();
  const Finished run =
      ExpectUntouched(collector().grpc(), {"--env", "LAMBENT_SAMPLE_HZ=a thousand"});

  EXPECT_THAT(run.err, testing::HasSubstr("LAMBENT_SAMPLE_HZ"));
}

TEST_F(UntouchedTest, ARefusedRegistrationChangesNothing) {
  StartCollector();
  // The refusal is of no consequence to a run without the extension.
  const Finished run = ExpectUntouched(collector().grpc(), {"--register-refuse"});

  // What Lambda does with an extension that could not register is not ours to choose; ours is to
  // say so once and not to die, which would fail the function.
  EXPECT_THAT(run.err, testing::HasSubstr("regist"));
}

TEST_F(UntouchedTest, ARefusedTelemetrySubscriptionChangesNothing) {
  StartCollector();
  ExpectUntouched(collector().grpc(), {"--telemetry-unsupported"});
  EXPECT_EQ(Invocations().size(), 5u);
}

TEST_F(UntouchedTest, BadTelemetryChangesNothing) {
  StartCollector();
  ExpectUntouched(collector().grpc(),
                  {"--telemetry-faults", "late,duplicate,out-of-order,unknown,malformed"});
  EXPECT_EQ(Invocations().size(), 5u);
}

TEST_F(UntouchedTest, OddRequestIdsChangeNothingAndAreKept) {
  StartCollector();
  ExpectUntouched(collector().grpc(), {"--odd-request-ids"});

  const auto invocations = Invocations();
  ASSERT_EQ(invocations.size(), 5u);
  for (const auto& invocation : invocations) {
    const std::string id = invocation.value("request_id", "");
    EXPECT_EQ(Invocations({"--request-id", id}).size(), 1u) << id;
  }
}

TEST_F(UntouchedTest, ARuntimeThatEndsAtOnceEndsTheSameWay) {
  StartCollector();
  const Arguments function = PythonFunction(kFunctions, "exits_at_once.handler");
  const Arguments once = {"--event", "{}", "--seed", "3"};
  const Finished plain = Local({function, once});
  const Finished profiled = Local({WithExtension(collector().grpc()), function, once});

  EXPECT_TRUE(plain.ended && profiled.ended) << profiled.Describe();
  EXPECT_EQ(profiled.code, plain.code) << profiled.Describe();
  EXPECT_EQ(profiled.by_signal, plain.by_signal);
}

}  // namespace
}  // namespace lambent
