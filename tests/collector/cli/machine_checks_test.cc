// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/machine_checks.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lambent::cli {
namespace {

using ::testing::HasSubstr;

// A diagnosis where these rungs work.
record::Diagnosis Working(const std::vector<Rung>& rungs) {
  record::Diagnosis diagnosis;
  for (int i = 0; i < kRungCount; ++i) {
    const auto rung = static_cast<Rung>(i);
    const bool works = std::find(rungs.begin(), rungs.end(), rung) != rungs.end();
    diagnosis.rungs.push_back({rung, works, works ? "works" : "refused by the test"});
  }
  diagnosis.looks = 30;
  diagnosis.wall_ns = 300'000'000;
  diagnosis.self_cpu_ns = 900'000;
  diagnosis.stopped_ns = 300'000;
  return diagnosis;
}

Check Of(const std::vector<Check>& checks, const std::string& name) {
  for (const Check& check : checks) {
    if (check.name == name) return check;
  }
  ADD_FAILURE() << "no check " << name;
  return {};
}

TEST(ChecksOfTest, EachRungIsSaidWithItsReason) {
  const auto checks = ChecksOf(Working({Rung::kUnchanged, Rung::kBlocked, Rung::kStop}), {});
  EXPECT_EQ(Of(checks, "rung 4, stop").result, Check::kFine);
  EXPECT_THAT(Of(checks, "rung 4, stop").found, HasSubstr("works"));
  // What nobody misses is no warning.
  EXPECT_EQ(Of(checks, "rung 5, perf").result, Check::kUnneeded);
  EXPECT_THAT(Of(checks, "rung 5, perf").found, HasSubstr("refused by the test"));
}

TEST(ChecksOfTest, NoWayToBusyNativeCodeIsAWarningWithAdvice) {
  const Check stop = Of(ChecksOf(Working({Rung::kUnchanged, Rung::kBlocked}), {}), "rung 4, stop");
  EXPECT_EQ(stop.result, Check::kWorse);
  EXPECT_THAT(stop.advice, HasSubstr("CAP_SYS_PTRACE"));
}

TEST(ChecksOfTest, WhatWouldBeUsedIsSaid) {
  const auto of = [](const std::vector<Rung>& rungs) {
    return Of(ChecksOf(Working(rungs), {}), "stacks here").found;
  };
  EXPECT_THAT(of({Rung::kBlocked, Rung::kStop, Rung::kPerf}), HasSubstr("native threads: stop;"));
  EXPECT_THAT(of({Rung::kBlocked, Rung::kPerf}), HasSubstr("native threads: perf;"));
  EXPECT_THAT(of({Rung::kAgent, Rung::kStop}), HasSubstr("native threads: agent;"));
  EXPECT_THAT(of({Rung::kBlocked, Rung::kConsistentRead}),
              HasSubstr("native threads: none; running Python threads: consistent-read"));
}

TEST(ChecksOfTest, NothingButMetricsIsAFailureWithAdvice) {
  const Check use =
      Of(ChecksOf(Working({Rung::kMetricsOnly}), {.uid = 0, .own_uid = 1000}), "stacks here");
  EXPECT_EQ(use.result, Check::kFailed);
  EXPECT_THAT(use.advice, HasSubstr("run lambent as that user or as root"));
}

TEST(ChecksOfTest, TheCostIsAFigure) {
  EXPECT_THAT(Of(ChecksOf(Working({Rung::kStop}), {}), "cost").found,
              HasSubstr("30 µs of CPU a look at a thread, which stood still for 10.0 µs"));
}

}  // namespace
}  // namespace lambent::cli
