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
  // What the collector knows of one environment after all: the extension's own count of captured
  // samples, and where they went.
  struct Account {
    int64_t captured = 0;
    int64_t rendered = 0;
    int64_t dropped = 0;
  };

  // Both sides come from `lambent export --format json`: its totals and the sum of its tree.
  Account ReadAccount() {
    const std::string file = Path("all.json");
    Cli({"export", "--function", "function", "--weight", "samples", "--format", "json", "-o",
         file});
    const json profile = json::parse(support::ReadFile(file), nullptr, false);
    EXPECT_TRUE(profile.is_object()) << "not JSON";
    Account account;
    account.captured = profile.value("samples_captured", int64_t{-1});
    for (const auto& [reason, count] : profile.value("dropped", json::object()).items()) {
      account.dropped += count.get<int64_t>();
    }
    const std::string folded = Path("samples.folded");
    Cli({"export", "--function", "function", "--weight", "samples", "--format", "folded", "-o",
         folded});
    account.rendered = support::FoldedProfile(support::ReadFile(folded)).total();
    return account;
  }

  void ExpectBalanced(int64_t at_least) {
    const Account account = ReadAccount();
    EXPECT_EQ(account.captured, account.rendered + account.dropped);
    EXPECT_GE(account.rendered, at_least);
  }

  static constexpr const char* kSpin = R"({"spin": 0.4})";
};

TEST_F(AccountingTest, BalancesInAQuietRun) {
  StartCollector();
  const Finished run = Local({WithExtension(collector().grpc()),
                              PythonFunction(kFunctions, "steady.echo"),
                              {"--event", kSpin, "--invocations", "6", "--timeout", "20"}});

  EXPECT_TRUE(run.ok()) << run.Describe();
  ExpectBalanced(100);
}

TEST_F(AccountingTest, BalancesThroughFreezes) {
  StartCollector();
  const Finished run = Local({WithExtension(collector().grpc()),
                              PythonFunction(kFunctions, "steady.echo"),
                              {"--event", kSpin, "--invocations", "5", "--timeout", "20",
                               "--freeze-ms", "1000-3000", "--seed", "5"}});

  EXPECT_TRUE(run.ok()) << run.Describe();
  ExpectBalanced(80);
}

TEST_F(AccountingTest, BalancesWhenTheCollectorIsKilledAndStartedAgain) {
  StartCollector();
  auto local = StartLocal({WithExtension(collector().grpc()),
                           PythonFunction(kFunctions, "steady.echo"),
                           {"--event", R"({"spin": 0.8})", "--invocations", "10", "--timeout", "20",
                            "--freeze-ms", "100"}});
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

  EXPECT_TRUE(run.ok()) << run.Describe();
  EXPECT_EQ(Invocations().size(), 10u);
  ExpectBalanced(400);
}

TEST_F(AccountingTest, BalancesWhenAnInvocationTimesOutOrCrashes) {
  StartCollector();
  const Finished run =
      Local({WithExtension(collector().grpc()),
             PythonFunction(kExample, "handler.handler"),
             {"--timeout", "2", "--event", R"({"work": 30, "then": "hang"})", "--event",
              R"({"work": 30, "then": "crash"})", "--event", R"({"work": 30})"}});

  EXPECT_TRUE(run.ok()) << run.Describe();
  ExpectBalanced(100);
}

TEST_F(AccountingTest, WhatDoesNotFitTheBufferIsCountedAsDropped) {
  StartCollector();
  const std::string address = collector().grpc();
  collector().KillHard();
  auto local =
      StartLocal({WithExtension(address),
                  PythonFunction(kFunctions, "steady.echo"),
                  {"--env", "LAMBENT_MAX_BUFFER_BYTES=65536", "--env", "LAMBENT_SAMPLE_HZ=999",
                   "--event", R"({"spin": 1.0})", "--invocations", "6", "--timeout", "20"}});
  ASSERT_TRUE(local.ok()) << local.status();
  ASSERT_TRUE(local->CollectUntil([&] { return local->out().find("REPORT") != std::string::npos; },
                                  absl::Seconds(60)));
  StartCollector();
  const Finished run = local->Wait(absl::Seconds(90));

  EXPECT_TRUE(run.ok()) << run.Describe();
  ExpectBalanced(100);
}

}  // namespace
}  // namespace lambent
