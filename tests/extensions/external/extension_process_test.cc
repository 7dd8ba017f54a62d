// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The real lambent-extension against a platform that the test plays.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/fakes/fake_platform.h"
#include "tests/support/program.h"

namespace lambent {
namespace {

using fakes::FakePlatform;
using fakes::JsonAnswer;
using support::Finished;
using support::Program;
using support::Variables;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Long enough for a loaded machine; nothing is expected to take it.
constexpr absl::Duration kLimit = absl::Seconds(30);
const std::string kExtension = std::string(LAMBENT_BINARY_DIR) + "/lambent-extension";

class ExtensionProcessTest : public ::testing::Test {
 protected:
  // Nobody listens at the collector's address: the extension has to bear that.
  static Variables Environment(const FakePlatform& platform, Variables more = {}) {
    more.insert({{"AWS_LAMBDA_RUNTIME_API", platform.address()},
                 {"AWS_LAMBDA_FUNCTION_NAME", "function"},
                 {"LAMBENT_COLLECTOR", "127.0.0.1:9"}});
    return more;
  }

  static Program Start(const FakePlatform& platform, const Variables& more = {}) {
    absl::StatusOr<Program> program = Program::Start(
        {kExtension, "--launched-as", "/opt/extensions/lambent"}, Environment(platform, more));
    EXPECT_TRUE(program.ok()) << program.status();
    return *std::move(program);
  }

  // Starts it, lets it handle one invocation and a shutdown.
  static Finished RunThrough(FakePlatform& platform, const Variables& more = {}) {
    Program program = Start(platform, more);
    platform.AwaitNextCalls(1);
    platform.SendInvoke("request-1");
    platform.AwaitNextCalls(2);
    platform.SendShutdown("spindown");
    return program.Wait(kLimit);
  }
};

// Nothing but the one line about the collector that is not there.
void ExpectOnlyTheMissingCollector(const Finished& finished) {
  EXPECT_THAT(finished.err, StartsWith("lambent: profiles cannot be delivered to 127.0.0.1:9: "));
  EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
}

TEST_F(ExtensionProcessTest, RegistersServesAndSaysOnlyThatNobodyListens) {
  FakePlatform platform;
  const Finished finished = RunThrough(platform);
  EXPECT_TRUE(finished.ok()) << finished.Describe();
  EXPECT_THAT(finished.out, IsEmpty());
  ExpectOnlyTheMissingCollector(finished);
  const HttpMessage registration = platform.requests().at(0);
  EXPECT_EQ(registration.target, "/2020-01-01/extension/register");
  EXPECT_EQ(HeaderOf(registration.headers, "Lambda-Extension-Name"), "lambent");
  EXPECT_EQ(registration.body, R"({"events":["INVOKE","SHUTDOWN"]})");
}

TEST_F(ExtensionProcessTest, SubscribesBeforeItsInitIsOver) {
  FakePlatform platform;
  RunThrough(platform);
  EXPECT_EQ(platform.requests().at(1).target, "/2022-07-01/telemetry");
  EXPECT_EQ(platform.requests().at(2).target, "/2020-01-01/extension/event/next");
}

TEST_F(ExtensionProcessTest, TakesTelemetryGoodAndBad) {
  FakePlatform platform;
  Program program = Start(platform);
  EXPECT_EQ(platform.PostTelemetry("garbage"), 200);
  EXPECT_EQ(platform.PostTelemetry(R"([{"time":"2026-05-04T10:00:00.000Z","type":)"
                                   R"("platform.initStart","record":{"phase":"init"}}])"),
            200);
  platform.AwaitNextCalls(1);
  platform.SendShutdown("TIMEOUT");
  EXPECT_TRUE(program.Wait(kLimit).ok());
}

TEST_F(ExtensionProcessTest, WorksWithoutTelemetry) {
  for (const fakes::StubAnswer& answer :
       {JsonAnswer(202, R"({"errorType":"Telemetry.NotSupported"})"), JsonAnswer(403, "{}"),
        JsonAnswer(500, ""), fakes::StubAnswer{"garbage\r\n\r\n", true}}) {
    FakePlatform::Behaviour behaviour;
    behaviour.subscription = answer;
    FakePlatform platform(behaviour);
    const Finished finished = RunThrough(platform);
    EXPECT_TRUE(finished.ok()) << finished.Describe();
    ExpectOnlyTheMissingCollector(finished);
  }
}

TEST_F(ExtensionProcessTest, ASubscriptionThatIsNeverAnsweredDoesNotHoldInit) {
  FakePlatform::Behaviour behaviour;
  behaviour.answers_subscription = false;
  FakePlatform platform(behaviour);
  EXPECT_TRUE(RunThrough(platform).ok());
}

TEST_F(ExtensionProcessTest, SurvivesAnswersThatAreNoEvents) {
  FakePlatform platform;
  Program program = Start(platform);
  platform.Send("nonsense");
  platform.Send(R"({"eventType":"SOMETHING_NEW"})");
  platform.Send(R"({"eventType":"INVOKE","requestId":"<b>\u0000\n","deadlineMs":"never"})");
  platform.SendShutdown("SandboxTerminated");
  EXPECT_TRUE(program.Wait(kLimit).ok());
}

TEST_F(ExtensionProcessTest, DisabledItRegistersForShutdownOnly) {
  FakePlatform platform;
  Program program = Start(platform, {{"LAMBENT_DISABLED", "1"}});
  platform.AwaitNextCalls(1);
  platform.SendShutdown("spindown");
  const Finished finished = program.Wait(kLimit);
  EXPECT_TRUE(finished.ok()) << finished.Describe();
  EXPECT_THAT(finished.err, IsEmpty());
  EXPECT_EQ(platform.requests().at(0).body, R"({"events":["SHUTDOWN"]})");
  EXPECT_EQ(platform.requests().size(), 2u) << "no telemetry is asked for";
}

TEST_F(ExtensionProcessTest, OnManagedInstancesItRegistersForShutdownOnly) {
  FakePlatform platform;
  Program program =
      Start(platform, {{"AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances"}});
  platform.AwaitNextCalls(1);
  platform.SendShutdown("spindown");
  EXPECT_TRUE(program.Wait(kLimit).ok());
  EXPECT_EQ(platform.requests().at(0).body, R"({"events":["SHUTDOWN"]})");
  EXPECT_THAT(platform.requests().at(1).body, HasSubstr("2025-01-29"));
}

TEST_F(ExtensionProcessTest, AWrongSettingIsOneLine) {
  FakePlatform platform;
  const Finished finished = RunThrough(platform, {{"LAMBENT_SAMPLE_HZ", "a thousand"}});
  EXPECT_TRUE(finished.ok()) << finished.Describe();
  EXPECT_EQ(
      finished.err.substr(0, finished.err.find('\n')),
      "lambent: LAMBENT_SAMPLE_HZ=\"a thousand\" is not a whole number from 1 to 1000; using 99");
  EXPECT_EQ(finished.err.find("LAMBENT_SAMPLE_HZ"), finished.err.rfind("LAMBENT_SAMPLE_HZ"));
}

TEST_F(ExtensionProcessTest, ATokenFileThatNobodyWritesHoldsUpNothing) {
  FakePlatform platform;
  const std::string pipe = testing::TempDir() + "lambent-token-pipe";
  std::filesystem::remove(pipe);
  ASSERT_TRUE(support::RunProgram({"mkfifo", pipe}).ok());
  const Finished finished = RunThrough(platform, {{"LAMBENT_TOKEN_FILE", pipe}});
  std::filesystem::remove(pipe);
  EXPECT_TRUE(finished.ok()) << finished.Describe();
  EXPECT_THAT(finished.err, HasSubstr("LAMBENT_TOKEN_FILE"));
}

TEST_F(ExtensionProcessTest, RefusedItSaysSoAndStaysAlive) {
  FakePlatform::Behaviour behaviour;
  behaviour.registration =
      JsonAnswer(403, R"({"errorType":"Extension.InvalidExtensionName","errorMessage":"who?"})");
  FakePlatform platform(behaviour);
  Program program = Start(platform);
  ASSERT_TRUE(program.CollectUntil(
      [&] { return absl::EndsWith(program.err(), "; nothing is profiled\n"); }, kLimit))
      << program.err();
  EXPECT_EQ(program.err(),
            "lambent: register: HTTP 403 Extension.InvalidExtensionName (who?); nothing is "
            "profiled\n");
  // Neither ends by itself nor by the SIGTERM a platform may send first.
  program.Signal(os::GroupSignal::kTerminate);
  EXPECT_FALSE(program.CollectUntil([] { return false; }, absl::Milliseconds(200)));
  const Finished finished = program.Stop(os::GroupSignal::kKill, kLimit);
  EXPECT_TRUE(finished.by_signal) << finished.Describe();
}

TEST_F(ExtensionProcessTest, OutsideLambdaItExplainsItself) {
  const Finished bare = support::RunProgram({kExtension});
  EXPECT_EQ(bare.code, 2) << bare.Describe();
  EXPECT_THAT(bare.err, StartsWith("lambent: AWS_LAMBDA_RUNTIME_API is not set"));
  EXPECT_THAT(bare.err, HasSubstr("lambent local"));
  std::optional<FakePlatform> gone(std::in_place);
  const Variables nobody = Environment(*gone);
  gone.reset();
  const Finished alone = support::RunProgram({kExtension}, nobody);
  EXPECT_EQ(alone.code, 2) << alone.Describe();
  EXPECT_THAT(alone.err, HasSubstr("lambent local"));
}

TEST_F(ExtensionProcessTest, TellsItsVersionAndHelp) {
  const Finished version = support::RunProgram({kExtension, "--version"});
  EXPECT_TRUE(version.ok());
  EXPECT_THAT(version.out, StartsWith("lambent-extension "));
  const Finished help = support::RunProgram({kExtension, "--help"});
  EXPECT_TRUE(help.ok());
  EXPECT_THAT(help.out, HasSubstr("LAMBENT_COLLECTOR"));
  EXPECT_EQ(support::RunProgram({kExtension, "--nonsense"}).code, 2);
}

}  // namespace
}  // namespace lambent
