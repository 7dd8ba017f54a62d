// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// The real `lambent record` on real programs. Shares have wide tolerances: the machine is busy.
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

#include "tests/collector/record/record_fixture.h"

namespace lambent::support {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kLimit = absl::Seconds(60);

TEST_F(RecordTest, ANativeProgramShowsWhereItsTimeGoes) {
  const Finished ran = Record({}, Target("spin", "3"));
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  const FoldedProfile profile = Profile();
  EXPECT_TRUE(profile.malformed().empty());
  EXPECT_GT(profile.Share({"main", "RecordSpin", "RecordHot", "RecordBurn"}, "RecordSpin"), 0.3)
      << ran.err << ReadFile(File());
  EXPECT_GT(profile.WeightOf({"main", "RecordSpin", "RecordCold", "RecordBurn"}), 0);
  EXPECT_THAT(ran.err, HasSubstr("wrote "));
  EXPECT_THAT(ran.err, HasSubstr(" samples ("));
  // A pipe, not a terminal: nothing is written over itself.
  EXPECT_EQ(ran.err.find('\r'), std::string::npos);
}

TEST_F(RecordTest, APythonProgramShowsItsFunctions) {
  const Finished ran = Record({"--no-native"}, Script("compress.py", "2"));
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_GT(Profile().Share({"main", "crunch"}, "main"), 0.2) << ran.err << ReadFile(File());
}

TEST_F(RecordTest, ALibraryCalledFromPythonIsFoundBelowItsCaller) {
  const Finished ran = Record({}, Script("compress.py", "3"));
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  if (!Mentions(ran, " stop")) GTEST_SKIP() << "nothing may be stopped here: " << ran.err;
  EXPECT_GT(Profile().WeightOf({"main", "crunch", "deflate"}), 0) << ran.err << ReadFile(File());
}

TEST_F(RecordTest, AProgramThatCallsExecIsFollowed) {
  const Finished ran = Record({}, Target("exec", "1.5"));
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  const FoldedProfile profile = Profile();
  EXPECT_GT(profile.WeightOf({"RecordBefore", "RecordBurn"}), 0) << ran.err << ReadFile(File());
  EXPECT_GT(profile.WeightOf({"RecordSpin", "RecordHot"}), 0) << ran.err << ReadFile(File());
}

TEST_F(RecordTest, ThreadsAreKeptApartWhenAsked) {
  const Finished ran = Record({"--threads"}, Target("threads", "1.5"));
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  const FoldedProfile profile = Profile();
  EXPECT_GT(profile.WeightOf({"alpha (", "RecordHot"}), 0) << ReadFile(File());
  EXPECT_GT(profile.WeightOf({"beta (", "RecordHot"}), 0) << ReadFile(File());
}

TEST_F(RecordTest, ThreadsHaveTheNamesThatPythonGaveThem) {
  const Finished ran = Record({"--threads"}, Script("named_threads.py", "1.5"));
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  const FoldedProfile profile = Profile();
  for (const char* name : {"fetcher (", "sender, of more than 15 bytes ("}) {
    EXPECT_GT(profile.WeightOf({name, "work"}), 0) << name << "\n" << ReadFile(File());
  }
  EXPECT_EQ(profile.WeightOf({"python3 (", "Thread._bootstrap", "work"}), 0) << ReadFile(File());
}

TEST_F(RecordTest, ChildrenOfAShellHangUnderTheirPrograms) {
  const std::string workers =
      absl::StrCat(LAMBENT_RECORD_TARGET, " spin 2 & ", LAMBENT_RECORD_TARGET, " spin 2 & wait");
  const Finished ran = Record({"--children"}, {"sh", "-c", workers});
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  const FoldedProfile profile = Profile();
  const int64_t spinning = profile.WeightOf({"record_target", "RecordSpin"});
  // Two workers of two seconds each, in microseconds, and the shell that waits for them.
  EXPECT_GT(spinning, 1'000'000) << ran.err << ReadFile(File());
  EXPECT_GT(profile.WeightOf({"sh"}), 1'000'000) << ReadFile(File());
}

TEST_F(RecordTest, WithoutChildrenTheShellIsAlone) {
  const Finished ran =
      Record({}, {"sh", "-c", absl::StrCat(LAMBENT_RECORD_TARGET, " spin 0.5; true")});
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_EQ(Profile().WeightOf({"RecordSpin"}), 0) << ReadFile(File());
}

TEST_F(RecordTest, ARunningProcessIsRecordedUntilItIsKilled) {
  auto target = Program::Start(Target("spin", "60"));
  ASSERT_TRUE(target.ok()) << target.status();
  ASSERT_TRUE(target->CollectUntil([&] { return !target->out().empty(); }, kLimit));
  auto lambent = Program::Start(Command({"--pid", absl::StrCat(target->pid())}, {}));
  ASSERT_TRUE(lambent.ok()) << lambent.status();
  lambent->CollectUntil([] { return false; }, absl::Seconds(2));
  target->Stop(os::GroupSignal::kKill);
  const Finished ran = lambent->Wait(kLimit);
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_GT(Profile().WeightOf({"RecordSpin", "RecordHot"}), 0) << ran.err;
}

TEST_F(RecordTest, ADurationEndsTheRecordingOfAProcessThatGoesOn) {
  auto target = Program::Start(Target("spin", "60"));
  ASSERT_TRUE(target.ok()) << target.status();
  ASSERT_TRUE(target->CollectUntil([&] { return !target->out().empty(); }, kLimit));
  const Finished ran = Record({"--pid", absl::StrCat(target->pid()), "--duration", "1"}, {});
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_GT(Profile().WeightOf({"RecordHot"}), 0) << ran.err;
}

TEST_F(RecordTest, AnInterruptReachesTheCommandAndTheProfileIsWritten) {
  auto lambent = Program::Start(Command({}, Target("spin", "100")));
  ASSERT_TRUE(lambent.ok()) << lambent.status();
  ASSERT_TRUE(lambent->CollectUntil([&] { return !lambent->out().empty(); }, kLimit));
  lambent->CollectUntil([] { return false; }, absl::Seconds(1));
  kill(lambent->pid(), SIGINT);
  const Finished ran = lambent->Wait(kLimit);
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_THAT(ran.err, HasSubstr("the command ended by signal 2"));
  EXPECT_GT(Profile().WeightOf({"RecordHot"}), 0) << ran.err;
}

TEST_F(RecordTest, ACommandThatDoesNotHearTheInterruptIsLeftToItself) {
  auto lambent = Program::Start(Command({}, Target("stubborn", "8")));
  ASSERT_TRUE(lambent.ok()) << lambent.status();
  ASSERT_TRUE(lambent->CollectUntil([&] { return !lambent->out().empty(); }, kLimit));
  kill(lambent->pid(), SIGINT);
  // The profile is there while the command goes on, and lambent waits for it.
  ASSERT_TRUE(lambent->CollectUntil(
      [&] { return lambent->err().find("the command goes on") != std::string::npos; }, kLimit));
  EXPECT_TRUE(std::filesystem::exists(File()));
  const Finished ran = lambent->Wait(kLimit);
  EXPECT_TRUE(ran.ok()) << ran.Describe();
}

TEST_F(RecordTest, TheSummaryIsThereForPrograms) {
  const Finished ran = Record({"--json"}, Target("spin", "1"));
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  const size_t brace = ran.out.find('{');  // the target says "ready" first
  ASSERT_NE(brace, std::string::npos) << ran.out;
  const auto json = nlohmann::json::parse(ran.out.substr(brace), nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << ran.out;
  EXPECT_GT(json.at("samples"), 0);
  EXPECT_EQ(json.at("command_status"), 0);
  EXPECT_EQ(json.at("file"), File());
  uint64_t by_rung = 0;
  for (const auto& [rung, samples] : json.at("samples_by_rung").items()) {
    by_rung += samples.get<uint64_t>();
  }
  EXPECT_EQ(json.at("samples"), by_rung);
}

TEST_F(RecordTest, EveryFormatIsWritten) {
  for (const char* format : {"html", "svg", "pprof", "speedscope", "json", "gperftools"}) {
    const Finished ran = RunProgram({LAMBENT_BINARY_DIR "/lambent", "record", "--format", format,
                                     "-o", File(), "--", LAMBENT_RECORD_TARGET, "spin", "0.3"});
    EXPECT_TRUE(ran.ok()) << format << ran.Describe();
    EXPECT_GT(std::filesystem::file_size(File()), 100u) << format;
  }
}

TEST_F(RecordTest, AnOutputThatCannotBeWrittenIsSaidBeforeTheCommandIsStarted) {
  const std::string ran = folder() + "/ran";
  const Finished refused = RunProgram({LAMBENT_BINARY_DIR "/lambent", "record", "-o",
                                       folder() + "/none/out.html", "--", "touch", ran});
  EXPECT_EQ(refused.code, 2) << refused.Describe();
  EXPECT_THAT(refused.err, HasSubstr("is its folder there"));
  EXPECT_EQ(ReadFile(ran), "");
  EXPECT_FALSE(std::filesystem::exists(ran));
  WriteFile(File(), "an older one");
  EXPECT_EQ(Record({}, {"/nonexistent/program"}).code, 1);
  EXPECT_EQ(ReadFile(File()), "an older one");
}

TEST_F(RecordTest, WhatCannotBeRecordedIsSaidInALine) {
  struct Case {
    Words words;
    int code;
    std::string says;
  };
  const std::vector<Case> cases = {
      {{"--", "/no/such/program"}, 1, "/no/such/program"},
      {{"--", "no-such-program"}, 1, "no-such-program: not in PATH"},
      {{"--pid", "2147483646"}, 1, "no process has the id 2147483646"},
      {{"--pid", "x"}, 2, "--pid x"},
      {{}, 2, "--pid PID, or -- COMMAND"},
      {{"--pid", "1", "--", "true"}, 2, "exclude each other"},
      {{"--rate", "0", "--", "true"}, 2, "1 to 1000"},
      {{"--duration", "0", "--", "true"}, 2, "above 0"},
      {{"--", "true"}, 1, "a higher --rate helps"},
  };
  for (const Case& one : cases) {
    const Finished ran =
        RunProgram(Join({{LAMBENT_BINARY_DIR "/lambent", "record", "-o", File()}, one.words}));
    EXPECT_EQ(ran.code, one.code) << one.says << ran.Describe();
    EXPECT_THAT(ran.err, HasSubstr(one.says));
    EXPECT_FALSE(std::filesystem::exists(File())) << one.says;
  }
}

// As an ordinary user.
class OrdinaryUserTest : public RecordTest {
 protected:
  void SetUp() override {
    RecordTest::SetUp();
    if (getuid() != 0) GTEST_SKIP() << "only root may become another user";
    if (!RunProgram(AsNobody({LAMBENT_RECORD_TARGET, "spin", "0"})).ok()) {
      GTEST_SKIP() << "setpriv is not here, or nobody may not run what was built";
    }
    std::filesystem::permissions(folder(), std::filesystem::perms::all);
  }
  static Words AsNobody(const Words& command) {
    return Join({{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"},
                 command});
  }
};

TEST_F(OrdinaryUserTest, OwnProgramsAreRecorded) {
  const Finished ran = RunProgram(AsNobody(Command({}, Target("spin", "1.5"))), {}, kLimit);
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_GT(Profile().Share({"RecordSpin", "RecordHot"}, "RecordSpin"), 0.3) << ran.err;
}

// What a mapping leads to is for privileged users; the program's own file is not.
TEST_F(OrdinaryUserTest, OwnProgramsThatWereDeletedAreRecorded) {
  const std::string copy = folder() + "/target";
  std::filesystem::copy_file(LAMBENT_RECORD_TARGET, copy);
  auto target = Program::Start(AsNobody({copy, "spin", "60"}));
  ASSERT_TRUE(target.ok()) << target.status();
  ASSERT_TRUE(target->CollectUntil([&] { return !target->out().empty(); }, kLimit));
  std::filesystem::remove(copy);
  const Finished ran =
      RunProgram(AsNobody(Command({"--pid", absl::StrCat(target->pid()), "--duration", "1.5"}, {})),
                 {}, kLimit);
  if (Mentions(ran, "ptrace_scope")) GTEST_SKIP() << "only children may be traced here";
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_GT(Profile().Share({"main", "RecordSpin", "RecordHot", "RecordBurn"}, "RecordSpin"), 0.3)
      << ran.err << ReadFile(File());
}

TEST_F(OrdinaryUserTest, SomebodyElsesProgramIsRefusedWithAdvice) {
  auto target = Program::Start(Target("spin", "60"));
  ASSERT_TRUE(target.ok()) << target.status();
  const Finished ran =
      RunProgram(AsNobody(Command({"--pid", absl::StrCat(target->pid())}, {})), {}, kLimit);
  EXPECT_EQ(ran.code, 4) << ran.Describe();
  EXPECT_THAT(ran.err, HasSubstr("belongs to user 0"));
  EXPECT_THAT(ran.err, HasSubstr("run lambent as that user or as root"));
}

}  // namespace
}  // namespace lambent::support
