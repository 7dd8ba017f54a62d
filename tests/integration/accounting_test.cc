// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The third promise: samples captured = samples rendered + samples dropped, whatever happens
// between.
#include <string>

#include "gtest/gtest.h"

#include "tests/integration/integration_fixture.h"

namespace lambent {
namespace {

using support::Finished;

class AccountingTest : public IntegrationTest {
 protected:
  static constexpr const char* kSpin = R"({"spin": 0.4})";
};

TEST_F(AccountingTest, BalancesInAQuietRun) {
  StartCollector();
  const Finished run = Local({WithCountingExtension(collector().grpc()),
                              PythonFunction(kFunctions, "steady.echo"),
                              {"--event", kSpin, "--invocations", "6", "--timeout", "20"}});

  ExpectBalanced(run, 1, 100);
}

TEST_F(AccountingTest, BalancesThroughFreezes) {
  StartCollector();
  const Finished run = Local({WithCountingExtension(collector().grpc()),
                              PythonFunction(kFunctions, "steady.echo"),
                              {"--event", kSpin, "--invocations", "5", "--timeout", "20",
                               "--freeze-ms", "1000-3000", "--seed", "5"}});

  ExpectBalanced(run, 1, 80);
}

TEST_F(AccountingTest, BalancesWhenTheCollectorIsKilledAndStartedAgain) {
  StartCollector();
  // A budget that no machine is too slow for: how many samples there are is then known.
  const char* const event = R"({"spin": 0.8})";
  auto local = StartLocal({WithCountingExtension(collector().grpc()),
                           PythonFunction(kFunctions, "steady.echo"),
                           MustSucceed("killed"),
                           {"--env", "LAMBENT_OVERHEAD_BUDGET=0.5", "--event", event,
                            "--invocations", "10", "--timeout", "20", "--freeze-ms", "100"}});
  ASSERT_TRUE(local.ok()) << local.status();
  const auto ended = [&](int count) {
    return local->CollectUntil(
        [&] {
          int seen = 0;
          for (size_t at = 0; (at = local->out().find("REPORT", at)) != std::string::npos; ++at)
            ++seen;
          return seen >= count;
        },
        absl::Seconds(60));
  };

  ASSERT_TRUE(ended(2));
  collector().KillHard();
  ASSERT_TRUE(ended(5));
  StartCollector();
  ASSERT_TRUE(ended(7));
  collector().KillHard();
  StartCollector();
  const Finished run = local->Wait(absl::Seconds(90));

  EXPECT_EQ(Answers("killed"), AnswersWithoutExtension(event, 10));
  EXPECT_EQ(Invocations().size(), 10u);
  ExpectBalanced(run, 1, 400);
}

TEST_F(AccountingTest, BalancesWhenAnInvocationTimesOutOrCrashes) {
  StartCollector();
  const Finished run =
      Local({WithCountingExtension(collector().grpc()),
             PythonFunction(kExample, "handler.handler"),
             {"--timeout", "2", "--event", R"({"work": 30, "then": "hang"})", "--event",
              R"({"work": 30, "then": "crash"})", "--event", R"({"work": 30})"}});

  ExpectBalanced(run, 3, 100);
}

TEST_F(AccountingTest, WhatDoesNotFitTheBufferIsCountedAsDropped) {
  StartCollector();
  const std::string address = collector().grpc();
  collector().KillHard();
  const char* const event = R"({"spin": 1.0})";
  auto local =
      StartLocal({WithCountingExtension(address),
                  PythonFunction(kFunctions, "steady.echo"),
                  MustSucceed("late"),
                  {"--env", "LAMBENT_MAX_BUFFER_BYTES=65536", "--env", "LAMBENT_SAMPLE_HZ=999",
                   "--event", event, "--invocations", "6", "--timeout", "20"}});
  ASSERT_TRUE(local.ok()) << local.status();
  ASSERT_TRUE(local->CollectUntil([&] { return local->out().find("REPORT") != std::string::npos; },
                                  absl::Seconds(60)));
  StartCollector();
  const Finished run = local->Wait(absl::Seconds(90));

  EXPECT_EQ(Answers("late"), AnswersWithoutExtension(event, 6));
  ExpectBalanced(run, 1, 100);
}

}  // namespace
}  // namespace lambent
