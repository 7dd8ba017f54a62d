// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Collectors that are there and do not take what they are sent, or are slow: the function's answers
// are the same, and one line says what to do.
#include <string>

#include "absl/strings/numbers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/refusing_collector.h"
#include "tests/integration/slow_road.h"
#include "tests/integration/untouched_fixture.h"

namespace lambent {
namespace {

using support::Arguments;
using support::Finished;

using RefusalTest = UntouchedTest;

TEST_F(RefusalTest, AWrongTokenIsOneLineAndChangesNothing) {
  support::WriteFile(Path("token"), "the right one\n");
  StartCollector({"--token-file=" + Path("token")});
  const Finished run =
      ExpectUntouched(collector().grpc(), {"--env", "LAMBENT_TOKEN=some other token"});

  EXPECT_EQ(SaidUndelivered(run, collector().grpc(),
                            "Give the function what that collector's --token-file holds"),
            1)
      << run.err;
  EXPECT_EQ(LinesOfOurs(run), 1) << run.err;
}

TEST_F(RefusalTest, ARefusedBatchIsOneLineAndChangesNothing) {
  const RefusingCollector refusing("segment 3: no such stack");
  const Finished run = ExpectUntouched(refusing.address());

  EXPECT_GT(refusing.refused(), 0);
  EXPECT_THAT(run.err, testing::HasSubstr("lambent: the collector at " + refusing.address() +
                                          " refused a batch: segment 3: no such stack; its samples "
                                          "are counted as rejected."));
  EXPECT_EQ(LinesOfOurs(run), 1) << run.err;
}

TEST_F(RefusalTest, ASlowCollectorChangesNothingAndGetsIt) {
  StartCollector();
  const std::string address = collector().grpc();
  uint32_t port = 0;
  ASSERT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  const SlowRoad road(static_cast<uint16_t>(port), absl::Milliseconds(300));
  const Finished run = ExpectUntouched(road.address());

  // What is left behind at the end depends on this machine's speed; that it is said does not.
  EXPECT_LE(SaidUndelivered(run, road.address()), 1);
  EXPECT_GE(Invocations().size(), 1u);
}

}  // namespace
}  // namespace lambent
