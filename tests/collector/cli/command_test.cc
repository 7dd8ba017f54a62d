// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/command.h"

#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/cli/write_output.h"

namespace lambent::cli {
namespace {

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran Lambent(const std::vector<std::string>& words) {
  std::ostringstream out;
  std::ostringstream err;
  Surroundings around{out, err, false, "", false, absl::FromUnixSeconds(1000000)};
  const int code = RunCli(words, around);
  return {code, out.str(), err.str()};
}

TEST(RunCliTest, WithoutACommandShowsTheOverviewAsWrongUsage) {
  const Ran ran = Lambent({});
  EXPECT_EQ(ran.code, kWrongUsage);
  EXPECT_NE(ran.err.find("invocations"), std::string::npos);
  EXPECT_EQ(ran.out, "");
}

TEST(RunCliTest, HelpGoesToStandardOutput) {
  EXPECT_EQ(Lambent({"--help"}).code, kOk);
  for (const Command& command : Commands()) {
    EXPECT_NE(Lambent({"--help"}).out.find(command.name), std::string::npos);
    if (command.run_words != nullptr) continue;
    const Ran ran = Lambent({command.name, "--help"});
    EXPECT_EQ(ran.code, kOk) << command.name;
    EXPECT_NE(ran.out.find("examples:\n  lambent " + command.name), std::string::npos) << ran.out;
  }
}

TEST(RunCliTest, RecordSaysItsBudgetAndWhatHappensBeyondIt) {
  const std::string help = Lambent({"record", "--help"}).out;
  EXPECT_NE(help.find("Sampling may take 5 % of one CPU"), std::string::npos) << help;
  EXPECT_NE(help.find("the rate is lowered"), std::string::npos) << help;
}

TEST(RunCliTest, VersionIsOneLine) { EXPECT_EQ(Lambent({"--version"}).out, "lambent 0.1.0\n"); }

TEST(RunCliTest, WrongUsageIsTwoLinesAndCodeTwo) {
  const Ran ran = Lambent({"functions", "--colector", "x"});
  EXPECT_EQ(ran.code, kWrongUsage);
  EXPECT_EQ(ran.err,
            "lambent functions: unknown flag --colector; did you mean --collector?\n"
            "usage: lambent functions [FLAGS]   (see lambent functions --help)\n");
}

TEST(RunCliTest, UnknownCommandsGetASuggestion) {
  const Ran ran = Lambent({"flamegraf"});
  EXPECT_EQ(ran.code, kWrongUsage);
  EXPECT_NE(ran.err.find("did you mean flamegraph?"), std::string::npos) << ran.err;
  const Ran help = Lambent({"help", "flamegraf"});
  EXPECT_EQ(help.code, kWrongUsage);
  EXPECT_EQ(help.err, ran.err);
  EXPECT_EQ(help.out, "");
}

TEST(RunCliTest, AnUnreachableCollectorSaysWhatToDo) {
  // Port 1 of loopback: nothing listens there.
  for (const char* command : {"functions", "invocations", "metrics", "flamegraph"}) {
    const Ran ran = Lambent({command, "--collector", "127.0.0.1:1"});
    EXPECT_EQ(ran.code, kUnreachable) << command << ran.err;
    EXPECT_NE(ran.err.find("127.0.0.1:1"), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("start one with lambent-collector"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find("TLS"), std::string::npos) << "nothing is there: " << ran.err;
    EXPECT_EQ(ran.out, "");
  }
}

TEST(RunCliTest, ACollectorAddressThatIsNoneIsWrongUsage) {
  for (const char* address : {"host", "host:", ":4820", "host:70000", ""}) {
    const Ran ran = Lambent({"functions", "--collector", address});
    EXPECT_EQ(ran.code, kWrongUsage) << address;
    EXPECT_NE(ran.err.find("want HOST:PORT"), std::string::npos) << ran.err;
  }
}

TEST(RunCliTest, DiffNamesTheSelectorThatIsMissingOrWrong) {
  const Ran missing = Lambent({"diff", "--base", "function=f"});
  EXPECT_EQ(missing.code, kWrongUsage);
  EXPECT_NE(missing.err.find("--compare is missing"), std::string::npos) << missing.err;
  const Ran wrong = Lambent({"diff", "--base", "function=f", "--compare", "phase=boot"});
  EXPECT_EQ(wrong.code, kWrongUsage);
  EXPECT_NE(wrong.err.find("--compare: selector"), std::string::npos) << wrong.err;
}

TEST(RunCliTest, DoctorLooksAtTheMachineEvenWithoutACollector) {
  const Ran ran = Lambent({"doctor", "--collector", "127.0.0.1:1"});
  EXPECT_EQ(ran.code, kUnreachable);
  for (const char* check : {"rung 0, unchanged", "rung 1, blocked", "rung 4, stop", "rung 5, perf",
                            "stacks here", "cost"}) {
    EXPECT_NE(ran.out.find(check), std::string::npos) << check << ran.out;
  }
  EXPECT_EQ(ran.out.find("\x1b"), std::string::npos) << "no colours off a terminal";
}

TEST(RunCliTest, DoctorOfAProcessLeavesTheCollectorOut) {
  const Ran missing = Lambent({"doctor", "--pid", "2147483646"});
  EXPECT_EQ(missing.code, kNothingMatched);
  EXPECT_NE(missing.err.find("no process has the id 2147483646"), std::string::npos);
  EXPECT_EQ(Lambent({"doctor", "--pid", "x"}).code, kWrongUsage);
  EXPECT_EQ(missing.out.find("collector"), std::string::npos) << missing.out;
}

TEST(OutputNameTest, HoldsNoPathWhateverIsSelected) {
  EXPECT_EQ(OutputName({"orders", "", "init"}, "html"), "orders-init.html");
  EXPECT_EQ(OutputName({"../../etc/passwd"}, "svg"), "------etc-passwd.svg");
  EXPECT_EQ(OutputName({}, ExtensionOf("pprof")), "profile.pb.gz");
  EXPECT_EQ(OutputName({}, ExtensionOf("gperftools")), "profile.prof");
}

}  // namespace
}  // namespace lambent::cli
