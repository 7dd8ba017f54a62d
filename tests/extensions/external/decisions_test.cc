// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The extension's pure decisions: command line, greeting, time after SHUTDOWN, failed calls.
#include <string>

#include "gtest/gtest.h"

#include "extensions/external/command_line.h"
#include "extensions/external/extension.h"
#include "extensions/external/greeting.h"
#include "extensions/external/shutdown_plan.h"

namespace lambent {
namespace {

TEST(CommandLineTest, RegistersAsTheFileThatLambdaStarted) {
  const CommandLine direct = ParseCommandLine({"/opt/extensions/lambent-extension"});
  EXPECT_EQ(direct.action, CommandLine::Action::kRun);
  EXPECT_EQ(direct.name, "lambent-extension");
  EXPECT_EQ(direct.extensions_folder, "/opt/extensions");
  const CommandLine launched =
      ParseCommandLine({"x/lambent-extension", "--launched-as", "/tmp/opt/extensions/lambent"});
  EXPECT_EQ(launched.name, "lambent");
  EXPECT_EQ(launched.extensions_folder, "/tmp/opt/extensions");
  EXPECT_EQ(ParseCommandLine({"lambent-extension"}).extensions_folder, "/opt/extensions");
  EXPECT_EQ(ParseCommandLine({}).name, "lambent");
}

TEST(CommandLineTest, KnowsItsOptions) {
  EXPECT_EQ(ParseCommandLine({"x", "--help"}).action, CommandLine::Action::kHelp);
  EXPECT_EQ(ParseCommandLine({"x", "--version"}).action, CommandLine::Action::kVersion);
  const CommandLine wrong = ParseCommandLine({"x", "--colour"});
  EXPECT_EQ(wrong.action, CommandLine::Action::kWrong);
  EXPECT_EQ(wrong.wrong, "unknown option --colour; see lambent-extension --help");
  EXPECT_EQ(ParseCommandLine({"x", "--launched-as"}).action, CommandLine::Action::kWrong);
}

TEST(ShutdownPlanTest, LeavesTheMarginAndWaitsLittleForTelemetry) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const ShutdownPlan plan = PlanShutdown(now, now + absl::Seconds(2));
  EXPECT_EQ(plan.telemetry_until, now + absl::Milliseconds(100));
  EXPECT_GT(plan.session_until, plan.telemetry_until);
  EXPECT_LT(plan.session_until, plan.flush_until);
  EXPECT_EQ(plan.flush_until, now + absl::Milliseconds(1700));
}

TEST(ShutdownPlanTest, UsesHalfOfABudgetThatIsHardlyThere) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const ShutdownPlan plan = PlanShutdown(now, now + absl::Milliseconds(200));
  EXPECT_EQ(plan.flush_until, now + absl::Milliseconds(100));
  EXPECT_EQ(plan.telemetry_until, now + absl::Milliseconds(25));
}

TEST(ShutdownPlanTest, TakesADeadlineThatMakesNoSenseAsTwoSeconds) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const ShutdownPlan usual = PlanShutdown(now, now + absl::Seconds(2));
  for (const absl::Time deadline : {absl::UnixEpoch(), now - absl::Seconds(1), now,
                                    now + absl::Hours(1), absl::InfiniteFuture()}) {
    EXPECT_EQ(PlanShutdown(now, deadline), usual) << deadline;
  }
}

TEST(GreetingTest, TheRegistrationWinsOverTheEnvironment) {
  Configuration configuration;
  configuration.function = {"env-name", "env-version", "eu-west-1", "on-demand", 128};
  Registration registration;
  registration.function_name = "f";
  registration.handler = "a.b";
  const Greeting greeting =
      MakeGreeting(configuration, registration, "0123456789abcdef", absl::UnixEpoch());
  EXPECT_EQ(greeting.function_name, "f");
  EXPECT_EQ(greeting.function_version, "env-version");
  EXPECT_EQ(greeting.handler, "a.b");
  EXPECT_EQ(greeting.memory_mb, 128u);
  EXPECT_EQ(greeting.environment_id, "0123456789abcdef");
}

TEST(GreetingTest, NamesTheRuntimeAsPeopleDo) {
  EXPECT_EQ(RuntimeName("python:3.12.v38"), "python3.12");
  EXPECT_EQ(RuntimeName("nodejs:22.v1"), "nodejs22");
  EXPECT_EQ(RuntimeName("odd"), "odd");
  EXPECT_EQ(RuntimeName(""), "");
}

TEST(RegisterFailureTest, NeverExitsWhereThereIsAFunction) {
  EXPECT_EQ(DecideAfterFailedRegister(absl::PermissionDeniedError(""), 1),
            RegisterFailure::kStayIdle);
  EXPECT_EQ(DecideAfterFailedRegister(absl::DataLossError(""), 1), RegisterFailure::kStayIdle);
  EXPECT_EQ(DecideAfterFailedRegister(absl::InternalError(""), 1), RegisterFailure::kRetry);
  EXPECT_EQ(DecideAfterFailedRegister(absl::AbortedError(""), 1), RegisterFailure::kRetry);
  EXPECT_EQ(DecideAfterFailedRegister(absl::InternalError(""), 3), RegisterFailure::kStayIdle);
  EXPECT_EQ(DecideAfterFailedRegister(absl::UnavailableError(""), 1), RegisterFailure::kExplain);
}

TEST(NextRetryTest, BacksOffToASecond) {
  EXPECT_EQ(NextRetryDelay(1), absl::Milliseconds(10));
  EXPECT_EQ(NextRetryDelay(2), absl::Milliseconds(20));
  EXPECT_EQ(NextRetryDelay(1'000'000), absl::Seconds(1));
}

}  // namespace
}  // namespace lambent
