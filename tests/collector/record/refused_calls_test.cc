// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// `lambent record` where a seccomp filter refuses the system calls it would use, one by one and all
// together, with no new privileges: what remains is recorded, or the reason is said. As who runs
// the tests, and as an ordinary user where that is root.
#include <unistd.h>

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/collector/record/record_fixture.h"

namespace lambent::support {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

enum class User { kWhoTests, kOrdinary };

class RefusedCallsTest : public RecordTest,
                         public ::testing::WithParamInterface<std::tuple<const char*, User>> {
 protected:
  void SetUp() override {
    RecordTest::SetUp();
    if (ordinary() && getuid() != 0) GTEST_SKIP() << "who runs the tests is an ordinary user";
    std::filesystem::permissions(folder(), std::filesystem::perms::all);
    const Finished tried = RunProgram(Refused({LAMBENT_RECORD_TARGET, "spin", "0"}));
    if (!tried.ok()) GTEST_SKIP() << "no filters, or not for that user: " << tried.Describe();
  }

  bool ordinary() const { return std::get<User>(GetParam()) == User::kOrdinary; }
  std::string calls() const { return std::get<const char*>(GetParam()); }
  bool Refuses(const std::string& call) const { return calls().find(call) != std::string::npos; }

  Words Refused(const Words& command) const {
    const Words user = ordinary() ? Words{"setpriv", "--reuid=65534", "--regid=65534",
                                          "--clear-groups", "--no-new-privs"}
                                  : Words{};
    return Join({user, {LAMBENT_REFUSE_CALLS, calls()}, command});
  }
  Finished RecordRefused(const Words& flags, const Words& command) {
    // In a sanitizer build the check for leaks at exit traces its own process: it may not here.
    return RunProgram(Refused(Command(flags, command)), {{"ASAN_OPTIONS", "detect_leaks=0"}},
                      absl::Seconds(120));
  }
  // An interpreter that user may run; empty: there is none.
  std::string Python() const {
    for (const char* python : {"python3", "/usr/bin/python3"}) {
      if (RunProgram(Refused({python, "-c", "import zlib"})).ok()) return python;
    }
    return "";
  }
};

TEST_P(RefusedCallsTest, ANativeProgramIsRecordedOrTheReasonIsSaid) {
  const Finished ran = RecordRefused({}, Target("spin", "1.5"));
  if (ran.ok()) {
    // By a stop, or else by perf's events.
    EXPECT_FALSE(Refuses("ptrace") && Refuses("perf_event_open")) << ran.Describe();
    EXPECT_THAT(ran.err, HasSubstr(Refuses("ptrace") ? " perf" : " stop"));
    EXPECT_GT(Profile().Share({"main", "RecordSpin", "RecordHot", "RecordBurn"}, "RecordSpin"), 0.3)
        << ran.err << ReadFile(File());
    EXPECT_GT(Profile().WeightOf({"RecordSpin", "RecordCold"}), 0) << ran.err << ReadFile(File());
    return;
  }
  // Neither a stop nor perf events: that is all there is without the agent.
  EXPECT_EQ(ran.code, 1) << ran.Describe();
  EXPECT_TRUE(Refuses("ptrace")) << ran.Describe();
  EXPECT_THAT(ran.err, HasSubstr("stop: ptrace is refused"));
  EXPECT_THAT(ran.err, HasSubstr("perf: perf_event_open is refused"));
  EXPECT_FALSE(std::filesystem::exists(File()));
}

TEST_P(RefusedCallsTest, APythonProgramIsRecordedWhateverIsRefused) {
  const std::string python = Python();
  if (python.empty()) GTEST_SKIP() << "that user may run no Python here";
  const Finished ran =
      RecordRefused({}, {python, std::string(LAMBENT_RECORD_SCRIPTS) + "/compress.py", "2"});
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_GT(Profile().Share({"main", "crunch"}, "main"), 0.2) << ran.err << ReadFile(File());
  EXPECT_GT(Profile().WeightOf({"main", "count"}), 0) << ran.err << ReadFile(File());
  EXPECT_THAT(ran.err, Not(HasSubstr("Traceback")));
}

// It asks for nothing that these filters refuse: without memfd_create it shares a file.
TEST_P(RefusedCallsTest, TheAgentShowsANativeProgramWhateverIsRefused) {
  const std::string agent = absl::StrCat(LAMBENT_BINARY_DIR, "/liblambent-agent.so");
  const Finished ran =
      RecordRefused({"--rung", "agent"},
                    Join({{"env", absl::StrCat("LD_PRELOAD=", agent)}, Target("spin", "1.5")}));
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_THAT(ran.err, HasSubstr(" agent"));
  EXPECT_GT(Profile().Share({"main", "RecordSpin", "RecordHot", "RecordBurn"}, "RecordSpin"), 0.3)
      << ran.err << ReadFile(File());
}

INSTANTIATE_TEST_SUITE_P(
    Filters, RefusedCallsTest,
    ::testing::Combine(::testing::Values("ptrace", "process_vm_readv", "perf_event_open",
                                         "memfd_create", "ptrace,process_vm_readv",
                                         "ptrace,perf_event_open",
                                         "ptrace,process_vm_readv,perf_event_open,memfd_create"),
                       ::testing::Values(User::kWhoTests, User::kOrdinary)),
    [](const auto& param) {
      return absl::StrCat(
          absl::StrReplaceAll(std::get<const char*>(param.param), {{",", "_and_"}}),
          std::get<User>(param.param) == User::kOrdinary ? "_AsAnOrdinaryUser" : "");
    });

}  // namespace
}  // namespace lambent::support
