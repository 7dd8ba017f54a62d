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
        Local({WithExtension(collector().grpc()),
               PythonFunction(kFunctions, "steady.echo"),
               {"--event", R"({"spin": 0.3})", "--invocations", "2", "--timeout", "20"}});
    ASSERT_TRUE(run.ok()) << run.Describe();
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
