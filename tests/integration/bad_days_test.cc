// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// The collector and the command on bad days: one clear line that says what to do, a meaningful exit
// status, and nothing acknowledged is lost.
#include <algorithm>
#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/integration_fixture.h"

namespace lambent {
namespace {

using support::Arguments;
using support::Finished;
using support::ReadFile;
using support::WriteFile;
using testing::HasSubstr;

class BadDaysTest : public IntegrationTest {
 protected:
  // A collector started beside or after the fixture's, on the same folder; expected to give up.
  Finished SecondCollector() {
    return support::RunProgram(
        {binaries() + "/lambent-collector", "--data-dir=" + collector().data_dir(),
         "--grpc-address=127.0.0.1:0", "--http-address=127.0.0.1:0"},
        {}, absl::Seconds(20));
  }

  static void ExpectOneClearLine(const Finished& run, const std::string& about) {
    EXPECT_TRUE(run.ended && !run.by_signal) << run.Describe();
    EXPECT_NE(run.code, 0);
    EXPECT_THAT(run.err, HasSubstr(about));
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }

  void ProfileSomething() {
    const Finished run =
        Local({WithCountingExtension(collector().grpc()),
               PythonFunction(kFunctions, "steady.echo"),
               {"--event", R"({"spin": 0.3})", "--invocations", "2", "--timeout", "20"}});
    ExpectBalanced(run, 1, 1);
  }

  // The database file, wherever the store keeps it below the data folder.
  std::string Database() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             const_cast<BadDaysTest*>(this)->collector().data_dir())) {
      if (ReadFile(entry.path().string()).rfind("SQLite format 3", 0) == 0) {
        return entry.path().string();
      }
    }
    return "";
  }
};

TEST_F(BadDaysTest, ASecondCollectorOnTheSameFolderSaysSoAndLeaves) {
  StartCollector();
  ExpectOneClearLine(SecondCollector(), collector().data_dir());
  ProfileSomething();
  EXPECT_EQ(Invocations().size(), 2u) << "the first is not disturbed";
}

TEST_F(BadDaysTest, ACorruptedDatabaseIsRefusedAndNotTouched) {
  StartCollector();
  ProfileSomething();
  collector().StopGently();
  const std::string database = Database();
  ASSERT_NE(database, "");
  std::string content = ReadFile(database);
  content.replace(0, 64, std::string(64, 'x'));
  WriteFile(database, content);

  ExpectOneClearLine(SecondCollector(), database);
  EXPECT_EQ(ReadFile(database), content);
}

TEST_F(BadDaysTest, AFullDiskIsSaidAndChangesNoInvocation) {
  if (!support::RunProgram({"unshare", "--mount", "true"}).ok()) {
    GTEST_SKIP() << "making a small file system is refused (needs root)";
  }
  // The collector's data folder is a file system of its own, that soon has no room.
  std::filesystem::create_directories(Path("small"));
  std::filesystem::create_directories(Path("data"));
  const std::string wrapper = Path("small/lambent-collector");
  WriteFile(wrapper, "#!/bin/sh\nexport WRAPPED=" + binaries() + "/lambent-collector\n" +
                         "exec unshare --mount sh -c 'mount -t tmpfs -o size=400k none " +
                         Path("data") + " && exec $WRAPPED \"$@\"' sh \"$@\"\n");
  std::filesystem::permissions(wrapper, std::filesystem::perms::owner_all);
  support::CollectorProcess small(Path("small"), Path(""));
  const absl::Status started = small.Start();
  ASSERT_TRUE(started.ok()) << started;

  const char* const event = R"({"spin": 1.5})";
  const Finished run =
      Local({WithExtension(small.grpc()),
             PythonFunction(kFunctions, "steady.echo"),
             MustSucceed("full"),
             {"--env", "LAMBENT_SAMPLE_HZ=999", "--env", "LAMBENT_OVERHEAD_BUDGET=0.5", "--event",
              event, "--invocations", "4", "--timeout", "20"}});
  EXPECT_TRUE(run.ok()) << run.Describe();
  EXPECT_EQ(Answers("full"), AnswersWithoutExtension(event, 4));
  EXPECT_THAT(run.err, HasSubstr("; the function is not affected. Make room for"));
  const Finished asked =
      support::RunProgram({binaries() + "/lambent", "functions", "--collector", small.grpc()});
  EXPECT_TRUE(asked.ok()) << "still answers: " << asked.Describe();
  const Finished collector = small.StopGently();

  EXPECT_FALSE(collector.by_signal) << collector.Describe();
  EXPECT_THAT(collector.err, testing::ContainsRegex("[Ff]ull|no space|No space"));
}

TEST_F(BadDaysTest, ADataFolderThatCannotBeMadeIsSaid) {
  WriteFile(Path("data"), "a file where the folder should be");
  ExpectOneClearLine(SecondCollector(), Path("data"));
}

TEST_F(BadDaysTest, WhatWasAcknowledgedSurvivesAKill) {
  StartCollector();
  ProfileSomething();
  const auto before = Folded({"--function", "function", "--weight", "samples"}).total();
  collector().KillHard();
  StartCollector();

  EXPECT_GT(before, 0);
  EXPECT_EQ(Folded({"--function", "function", "--weight", "samples"}).total(), before);
  EXPECT_EQ(Invocations().size(), 2u);
}

TEST_F(BadDaysTest, TheCommandSaysWhenNobodyAnswers) {
  StartCollector();
  collector().KillHard();
  const Finished run = TryCli({"functions"});

  EXPECT_EQ(run.code, 3) << run.Describe();
  EXPECT_THAT(run.err, HasSubstr(collector().grpc()));
}

TEST_F(BadDaysTest, TheCommandSaysWhenNothingMatches) {
  StartCollector();
  EXPECT_EQ(TryCli({"export", "--function", "nobody", "--format", "folded", "-o", Path("x")}).code,
            1);
  EXPECT_FALSE(std::filesystem::exists(Path("x"))) << "no file of nothing";
}

TEST_F(BadDaysTest, TheCommandRefusesWrongUsage) {
  const Finished unknown = support::RunProgram({binaries() + "/lambent", "frobnicate"});
  EXPECT_EQ(unknown.code, 2) << unknown.Describe();
  const Finished option =
      support::RunProgram({binaries() + "/lambent", "invocations", "--no-such"});
  EXPECT_EQ(option.code, 2) << option.Describe();
  EXPECT_THAT(option.err, HasSubstr("--no-such"));
}

}  // namespace
}  // namespace lambent
