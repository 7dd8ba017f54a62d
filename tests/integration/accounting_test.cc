// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The third promise: samples captured = samples rendered + samples dropped, whatever happens
// between.
#include <cstdint>
#include <map>
#include <string>

#include "gtest/gtest.h"

#include "tests/integration/integration_fixture.h"

namespace lambent {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Finished;

class AccountingTest : public IntegrationTest {
 protected:
  // Expects that what the extension said it captured (its own count, on its standard error) is what
  // the collector shows plus what it says was dropped. `expected_environments`: one that loses all
  // it knows says nothing and shows nothing, and must not balance by that.
  void ExpectBalanced(const Finished& run, int expected_environments, int64_t at_least) {
    EXPECT_TRUE(run.ok()) << run.Describe();
    int64_t captured = 0;
    int environments = 0;
    const std::string said = "samples captured ";
    for (size_t at = 0; (at = run.err.find(said, at)) != std::string::npos; ++environments) {
      at += said.size();
      captured += std::stoll(run.err.substr(at, 20));
    }
    EXPECT_EQ(environments, expected_environments) << run.err;

    const std::string file = Path("all.json");
    Cli({"export", "--function", "function", "--format", "json", "-o", file});
    const json profile = json::parse(support::ReadFile(file), nullptr, false);
    ASSERT_TRUE(profile.is_object() && profile.contains("totals")) << "not our JSON";
    int64_t dropped = 0;
    for (const auto& [reason, count] : profile["drops"].items()) dropped += count.get<int64_t>();
    const int64_t rendered = profile["totals"]["samples"].get<int64_t>();

    EXPECT_EQ(captured, rendered + dropped) << "rendered " << rendered << ", " << profile["drops"];
    EXPECT_GE(rendered, at_least);
    const Arguments weighted = {"--function", "function", "--weight", "samples"};
    EXPECT_EQ(Folded(weighted).total(), rendered) << "two exports of the same samples";
  }

  // The extension beside the function, and willing to say what it counted.
  Arguments Extension(const std::string& address) const {
    Arguments arguments = WithExtension(address);
    arguments.insert(arguments.end(), {"--env-extensions", "LAMBENT_LOG=info"});
    return arguments;
  }

  static constexpr const char* kSpin = R"({"spin": 0.4})";
};

TEST_F(AccountingTest, BalancesInAQuietRun) {
  StartCollector();
  const Finished run = Local({Extension(collector().grpc()),
                              PythonFunction(kFunctions, "steady.echo"),
                              {"--event", kSpin, "--invocations", "6", "--timeout", "20"}});

  ExpectBalanced(run, 1, 100);
}

TEST_F(AccountingTest, BalancesThroughFreezes) {
  StartCollector();
  const Finished run = Local({Extension(collector().grpc()),
                              PythonFunction(kFunctions, "steady.echo"),
                              {"--event", kSpin, "--invocations", "5", "--timeout", "20",
                               "--freeze-ms", "1000-3000", "--seed", "5"}});

  ExpectBalanced(run, 1, 80);
}

TEST_F(AccountingTest, BalancesWhenTheCollectorIsKilledAndStartedAgain) {
  StartCollector();
  // A budget that no machine is too slow for: how many samples there are is then known.
  const char* const event = R"({"spin": 0.8})";
  auto local = StartLocal({Extension(collector().grpc()),
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
      Local({Extension(collector().grpc()),
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
      StartLocal({Extension(address),
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
