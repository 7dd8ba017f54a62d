// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/program.h"

#include "gtest/gtest.h"

namespace lambent::support {
namespace {

TEST(ProgramTest, CollectsBothStreamsAndTheExitStatus) {
  const Finished run =
      RunProgram({"sh", "-c", "echo $GREETING; echo no >&2; exit 3"}, {{"GREETING", "hi"}});

  EXPECT_TRUE(run.ended);
  EXPECT_EQ(run.code, 3);
  EXPECT_EQ(run.out, "hi\n");
  EXPECT_EQ(run.err, "no\n");
  EXPECT_FALSE(run.ok());
}

TEST(ProgramTest, KillsWhatDoesNotEndInTime) {
  const Finished run =
      RunProgram({"sh", "-c", "echo started; sleep 600"}, {}, absl::Milliseconds(300));

  EXPECT_FALSE(run.ended);
  EXPECT_EQ(run.out, "started\n");
}

TEST(ProgramTest, SaysThatAProgramIsMissing) {
  const Finished run = RunProgram({"no-such-program"});

  EXPECT_FALSE(run.ended);
  EXPECT_NE(run.err.find("no-such-program"), std::string::npos);
}

TEST(ProgramTest, CollectsMoreThanAPipeHolds) {
  const Finished run = RunProgram({"sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x"});

  EXPECT_TRUE(run.ok()) << run.err;
  EXPECT_EQ(run.out.size(), 1'000'000u);
}

}  // namespace
}  // namespace lambent::support
