// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The first promise: whatever happens to us, the function's answers are the same, byte for byte.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "profiler/os/loopback_socket.h"
#include "tests/integration/strange_server.h"
#include "tests/integration/untouched_fixture.h"

namespace lambent {
namespace {

using support::Arguments;
using support::Finished;

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
  EXPECT_EQ(LinesOfOurs(run), 1) << run.err;
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
  const Finished plain = Local({function, once, {"--response-dir", Path("without")}});
  const Finished profiled =
      Local({WithExtension(collector().grpc()), function, once, {"--response-dir", Path("with")}});

  EXPECT_TRUE(plain.ended && profiled.ended) << profiled.Describe();
  EXPECT_EQ(profiled.code, plain.code) << profiled.Describe();
  EXPECT_EQ(profiled.by_signal, plain.by_signal);
  EXPECT_EQ(Files(Path("without")).size(), 1u) << "its caller is told";
  EXPECT_EQ(Files(Path("with")), Files(Path("without")));
}

}  // namespace
}  // namespace lambent
