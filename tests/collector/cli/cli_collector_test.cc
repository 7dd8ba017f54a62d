// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// The real `lambent` against the real collector, which is empty: profiles in it are the business of
// tests/integration.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include <gtest/gtest.h>

#include "profiler/os/temp_dir.h"
#include "tests/support/collector_process.h"
#include "tests/support/program.h"

namespace lambent::support {
namespace {

class CliCollectorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = os::TempDir::Create("lambent-cli");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<os::TempDir>(std::move(*folder));
    collector_ = std::make_unique<CollectorProcess>(LAMBENT_BINARY_DIR, folder_->path());
    const absl::Status started = collector_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  Finished Lambent(std::vector<std::string> words) {
    words.insert(words.begin(), LAMBENT_BINARY_DIR "/lambent");
    words.push_back("--collector");
    words.push_back(collector_->grpc());
    return RunProgram(words);
  }

  std::unique_ptr<os::TempDir> folder_;
  std::unique_ptr<CollectorProcess> collector_;
};

TEST_F(CliCollectorTest, AnEmptyCollectorMatchesNothing) {
  for (const char* command : {"functions", "invocations", "metrics", "flamegraph"}) {
    const Finished ran = Lambent({command});
    EXPECT_EQ(ran.code, 1) << command << ": " << ran.Describe();
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err.rfind("lambent: ", 0), 0u) << ran.err;
  }
}

TEST_F(CliCollectorTest, JsonIsThereWhenNothingMatches) {
  const Finished ran = Lambent({"invocations", "--json"});
  EXPECT_EQ(ran.code, 1) << ran.Describe();
  const auto json = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << ran.out;
  EXPECT_TRUE(json.at("invocations").empty());
}

TEST_F(CliCollectorTest, DoctorFindsTheCollector) {
  const Finished ran = Lambent({"doctor", "--json"});
  const auto json = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << ran.Describe();
  EXPECT_EQ(json.at("checks").at(0).at("name"), "collector");
  EXPECT_EQ(json.at("checks").at(0).at("result"), "ok") << ran.out;
}

TEST_F(CliCollectorTest, ThePortOfThePageIsToldFromTheCollectors) {
  std::string page = collector_->http().substr(std::string("http://").size());
  page.pop_back();  // its slash
  const Finished ran =
      RunProgram({LAMBENT_BINARY_DIR "/lambent", "functions", "--collector", page});
  EXPECT_EQ(ran.code, 3) << ran.Describe();
  EXPECT_NE(ran.err.find("this port speaks HTTP"), std::string::npos) << ran.err;
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
}

TEST_F(CliCollectorTest, ACollectorWithoutTlsIsToldInOneLine) {
  const Finished ran =
      RunProgram({LAMBENT_BINARY_DIR "/lambent", "functions", "--collector", collector_->grpc()},
                 {{"LAMBENT_TLS", "on"}});
  EXPECT_EQ(ran.code, 3) << ran.Describe();
  EXPECT_NE(ran.err.find("LAMBENT_TLS=off is for one without"), std::string::npos) << ran.err;
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
}

TEST_F(CliCollectorTest, ADeadCollectorIsCodeThree) {
  collector_->KillHard();
  EXPECT_EQ(Lambent({"functions"}).code, 3);
}

}  // namespace
}  // namespace lambent::support
