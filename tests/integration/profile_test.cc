// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// What is drawn is what ran: names, nesting and shares against the functions' own clocks.
#include <cmath>
#include <set>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/integration_fixture.h"
#include "tests/support/split_debug.h"

namespace lambent {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Finished;
using support::FoldedProfile;

constexpr double kPoints = 0.05;

class ProfileTest : public IntegrationTest {
 protected:
  // Runs with the extension; the functions' own measures, summed over all responses, in ms.
  std::map<std::string, double> RunAndSum(const Arguments& function, const Arguments& more) {
    StartCollector();
    const Finished run = Local({WithCountingExtension(collector().grpc()),
                                function,
                                more,
                                {"--timeout", "60", "--response-dir", Path("responses")}});
    ExpectBalanced(run, 1, 1);
    std::map<std::string, double> spent;
    for (const auto& [name, content] : Files(Path("responses"))) {
      const json response = json::parse(content, nullptr, false);
      EXPECT_TRUE(response.contains("spent_ms")) << name << ": " << content;
      if (!response.contains("spent_ms")) continue;
      for (const auto& [what, ms] : response["spent_ms"].items()) spent[what] += ms.get<double>();
    }
    return spent;
  }

  // The share of `path` below `root` is what the function measured for the path's last frame.
  static void ExpectShare(const FoldedProfile& profile, const std::vector<std::string>& path,
                          const std::string& root, const std::map<std::string, double>& spent) {
    ASSERT_TRUE(spent.count(path.back()) && spent.count(root)) << path.back();
    const double own = spent.at(path.back()) / spent.at(root);
    EXPECT_NEAR(profile.Share(path, root), own, kPoints) << testing::PrintToString(path);
  }
};

TEST_F(ProfileTest, APythonFunctionIsDrawnAsItMeasuresItself) {
  const auto spent = RunAndSum(PythonFunction(kExample, "handler.handler"),
                               {"--event", R"({"work": 60})", "--invocations", "6"});
  const FoldedProfile profile = Folded({"--function", "function", "--phase", "invoke"});

  EXPECT_GT(profile.WeightOf({"handler"}), 0);
  ExpectShare(profile, {"handler", "process_order"}, "handler", spent);
  ExpectShare(profile, {"handler", "process_order", "price_items"}, "handler", spent);
  ExpectShare(profile, {"handler", "process_order", "price_items", "apply_discounts"}, "handler",
              spent);
  ExpectShare(profile, {"handler", "process_order", "checksum"}, "handler", spent);
  EXPECT_EQ(profile.WeightOf({"checksum", "price_items"}), 0) << "siblings, not parent and child";
}

TEST_F(ProfileTest, AColdStartShowsTheImports) {
  RunAndSum(PythonFunction(kExample, "handler.handler"), {"--event", R"({"work": 1})"});
  const FoldedProfile profile = Folded({"--function", "function", "--phase", "init"});

  EXPECT_GT(profile.total(), 0);
  EXPECT_GT(profile.WeightOf({"_find_and_load"}), 0);
  const std::vector<std::string> imported = {"asyncio/",         "sqlite3/", "unittest/",
                                             "multiprocessing/", "http/",    "email/",
                                             "concurrent/",      "dom/"};
  int found = 0;
  for (const std::string& module : imported) found += profile.WeightOf({"<module> " + module}) > 0;
  EXPECT_GE(found, 2) << "modules imported by the handler, by their files' names";
  EXPECT_EQ(profile.WeightOf({"process_order"}), 0) << "work of an invocation is not init";
}

TEST_F(ProfileTest, ANativeFunctionIsDrawnAsItMeasuresItself) {
  const auto spent = RunAndSum(
      NativeFunction(), {"--event", R"({"work": 120, "sleep_ms": 400})", "--invocations", "5"});
  const FoldedProfile profile = Folded({"--function", "function", "--phase", "invoke"});

  EXPECT_GT(profile.WeightOf({"handle_event"}), 0);
  ExpectShare(profile, {"handle_event", "process_order"}, "handle_event", spent);
  ExpectShare(profile, {"handle_event", "process_order", "price_items"}, "handle_event", spent);
  ExpectShare(profile, {"handle_event", "process_order", "price_items", "apply_discounts"},
              "handle_event", spent);
  ExpectShare(profile, {"handle_event", "process_order", "checksum"}, "handle_event", spent);
  ExpectShare(profile, {"handle_event", "wait_for_stock"}, "handle_event", spent);
}

TEST_F(ProfileTest, LinesOfANativeFunctionComeFromADebugFile) {
  support::SplitDebugInformation(binaries() + "/../examples/native/bootstrap", Path("debug"),
                                 Path("stripped"));
  StartCollector({"--debug-dir", Path("debug")});
  const Finished run = Local({WithExtension(collector().grpc()),
                              NativeFunction(),
                              {"--env", "LAMBENT_LINES=on", "--event", R"({"work": 200})"}});
  ASSERT_TRUE(run.ok()) << run.Describe();

  const json profile = json::parse(
      Cli({"export", "--function", "function", "--format", "json", "-o", "-"}), nullptr, false);

  std::set<uint32_t> lines;
  for (const json& frame : profile["frames"]) {
    const bool of_source = frame.value("file", "").find("bootstrap.cc") != std::string::npos;
    if (!of_source || frame["name"].get<std::string>().find("price_items") == std::string::npos) {
      continue;
    }
    // Within the function; code of no line has none.
    const uint32_t first = frame.value("line", 0U);
    const uint32_t line = frame.value("current_line", first);
    EXPECT_GE(line, first) << frame;
    if (line > first) lines.insert(line);
  }
  EXPECT_FALSE(lines.empty()) << profile.dump(1);
}

TEST_F(ProfileTest, TheTimeAFreezeTakesIsNobodys) {
  // Freezes a stopped clock of the sampler could be taken for a slow tick of: seven of 200 ms.
  StartCollector();
  const Finished run = Local({WithExtension(collector().grpc()),
                              PythonFunction(kFunctions, "steady.echo"),
                              {"--event", R"({"spin": 0.05})", "--invocations", "8", "--timeout",
                               "20", "--freeze-ms", "200", "--report", Path("report")}});
  ASSERT_TRUE(run.ok()) << run.Describe();
  double reported_us = 0;
  int reports = 0;
  std::istringstream lines(support::ReadFile(Path("report")));
  for (std::string line; std::getline(lines, line); ++reports) {
    const json report = json::parse(line, nullptr, false);
    ASSERT_TRUE(report.is_object() && report.contains("durationMs")) << line;
    reported_us += report["durationMs"].get<double>() * 1000;
  }
  ASSERT_EQ(reports, 8);
  const auto wall_us = [&](const char* phase) {
    const Finished exported = TryCli({"export", "--function", "function", "--phase", phase,
                                      "--weight", "wall", "--format", "folded", "-o", "-"});
    EXPECT_TRUE(exported.ok() || exported.code == 1) << exported.Describe();  // 1: no such samples
    return static_cast<double>(FoldedProfile(exported.out).total());
  };

  EXPECT_NEAR(wall_us("invoke"), reported_us, 0.4 * reported_us);
  EXPECT_LT(wall_us("after"), reported_us);
}

TEST_F(ProfileTest, EachInvocationIsFoundByItsRequestId) {
  RunAndSum(PythonFunction(kExample, "handler.handler"),
            {"--event", R"({"work": 20})", "--invocations", "3"});

  std::set<std::string> ids;
  for (const json& invocation : Invocations()) {
    const std::string id = invocation.value("request_id", "");
    ids.insert(id);
    EXPECT_GT(Folded({"--request-id", id}).WeightOf({"handler", "process_order"}), 0) << id;
  }
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_THAT(Cli({"functions"}), testing::HasSubstr("python3.")) << "its runtime";
  EXPECT_TRUE(Invocations()[0].value("cold", false));
}

TEST_F(ProfileTest, InvocationsThatDieKeepTheirProfile) {
  StartCollector();
  const Finished run =
      Local({WithCountingExtension(collector().grpc()),
             PythonFunction(kExample, "handler.handler"),
             {"--timeout", "2", "--event", R"({"work": 30, "then": "hang"})", "--event",
              R"({"work": 30, "then": "crash"})", "--event", R"({"work": 30})"}});
  ExpectBalanced(run, 3, 1);

  const auto invocations = Invocations();
  ASSERT_EQ(invocations.size(), 3u);
  EXPECT_EQ(invocations[0].value("status", ""), "timeout");
  EXPECT_THAT(invocations[1].value("status", ""), testing::AnyOf("crash", "error", "failure"));
  EXPECT_EQ(invocations[2].value("status", ""), "success");
  for (const json& invocation : invocations) {
    const FoldedProfile profile = Folded({"--request-id", invocation.value("request_id", "")});
    EXPECT_GT(profile.WeightOf({"handler", "process_order", "checksum"}), 0) << invocation.dump();
  }
  EXPECT_GT(Folded({"--request-id", invocations[0].value("request_id", "")})
                .WeightOf({"handler", "wait_for_payment"}),
            0);
}

}  // namespace
}  // namespace lambent
