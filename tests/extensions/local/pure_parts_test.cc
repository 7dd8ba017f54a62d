// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "extensions/local/function_environment.h"
#include "extensions/local/line_splitter.h"
#include "extensions/local/local_options.h"
#include "extensions/local/report_lines.h"
#include "extensions/local/request_ids.h"

namespace lambent::local {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<LocalOptions> Parse(std::vector<std::string> arguments) {
  return ParseLocalOptions(arguments);
}

TEST(LocalOptionsTest, ReadsACommandAndItsEvents) {
  const auto options = Parse({"--event", "{}", "--event=[1]", "--freeze-ms", "5-70", "--env",
                              "A=b=c", "--timeout", "0.5", "--", "node", "--event", "x"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->runtime, RuntimeKind::kCommand);
  EXPECT_THAT(options->command, ElementsAre("node", "--event", "x"));
  EXPECT_THAT(options->events, ElementsAre("{}", "[1]"));
  EXPECT_EQ(options->invocations, 2);
  EXPECT_EQ(options->freeze_min_ms, 5);
  EXPECT_EQ(options->freeze_max_ms, 70);
  EXPECT_EQ(options->environment.at("A"), "b=c");
  EXPECT_DOUBLE_EQ(options->timeout_s, 0.5);
}

TEST(LocalOptionsTest, SaysWhatIsWrong) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"--event"},
      {"--event", "no such file"},
      {"--event", "{}", "--runtime", "cobol"},
      {"--event", "{}", "--timeout", "0"},
      {"--event", "{}", "--freeze-ms", "9-3"},
      {"--event", "{}", "--concurrency", "2"},
      {"--event", "{}", "--memory", "12"},
      {"--event", "{}", "--telemetry-faults", "late,never"},
      {"--event", "{}", "--nonsense"},
      {"--event", "{}", "--ric=1"},
      {"--event", "{}", "--runtime", "python", "--", "x"},
      {"--event", "{}", "--"},
  };
  for (const auto& arguments : wrong) {
    const auto options = Parse(arguments);
    EXPECT_FALSE(options.ok()) << ::testing::PrintToString(arguments);
  }
}

TEST(FunctionEnvironmentTest, ExtensionsDoNotGetWhatLambdaWithholds) {
  LocalOptions options;
  options.handler = "m.f";
  options.environment = {{"MINE", "1"}, {"_UNDERSCORE", "1"}, {"AWS_LAMBDA_RUNTIME_API", "evil"}};
  const Variables ours = {{"PATH", "/p"}, {"SECRET_OF_THE_HOST", "x"}};
  const Variables runtime = RuntimeVariables(options, ours, 99, "/task", "AWS_Lambda_python3.11");
  EXPECT_EQ(runtime.at("AWS_LAMBDA_RUNTIME_API"), "127.0.0.1:99");
  EXPECT_EQ(runtime.at("_HANDLER"), "m.f");
  EXPECT_EQ(runtime.at("LAMBDA_TASK_ROOT"), "/task");
  EXPECT_EQ(runtime.at("AWS_EXECUTION_ENV"), "AWS_Lambda_python3.11");
  EXPECT_EQ(runtime.count("SECRET_OF_THE_HOST"), 0u);

  const Variables extension = ExtensionVariables(runtime, {{"EXTRA", "2"}});
  for (const char* withheld :
       {"AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT", "_HANDLER", "_UNDERSCORE"}) {
    EXPECT_EQ(extension.count(withheld), 0u) << withheld;
  }
  for (const char* given : {"AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME",
                            "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                            "AWS_LAMBDA_INITIALIZATION_TYPE", "TZ", "PATH", "MINE", "EXTRA"}) {
    EXPECT_EQ(extension.count(given), 1u) << given;
  }
}

TEST(FunctionEnvironmentTest, OsOnlyRuntimesHaveNoExecutionEnv) {
  EXPECT_EQ(RuntimeVariables({}, {}, 1, "/", "").count("AWS_EXECUTION_ENV"), 0u);
}

TEST(ReportLinesTest, LookLikeLambdas) {
  Outcome outcome;
  outcome.request_id = "r";
  outcome.duration_ms = 2.0851;
  outcome.billed_ms = 180;
  outcome.init_ms = 177.5;
  outcome.peak_memory_bytes = (33 << 20) + 1;
  EXPECT_EQ(ReportLine(outcome, 128),
            "REPORT RequestId: r\tDuration: 2.09 ms\tBilled Duration: 180 ms\t"
            "Memory Size: 128 MB\tMax Memory Used: 34 MB\tInit Duration: 177.50 ms\t");
  outcome.init_ms = -1;
  outcome.status = Status::kFailure;
  outcome.error_type = "Runtime.ExitError";
  EXPECT_THAT(ReportLine(outcome, 128),
              HasSubstr("\tStatus: error\tError Type: Runtime.ExitError\t"));
  outcome.status = Status::kTimeout;
  EXPECT_THAT(ReportLine(outcome, 128), ::testing::EndsWith("34 MB\tStatus: timeout\t"));
}

TEST(ReportLinesTest, ExitsAreWordedAsThePlatformDoes) {
  EXPECT_EQ(RuntimeExitMessage({true, 9}), "Runtime exited with error: signal: killed");
  EXPECT_EQ(RuntimeExitMessage({true, 11}),
            "Runtime exited with error: signal: segmentation fault");
  EXPECT_EQ(RuntimeExitMessage({false, 3}), "Runtime exited with error: exit status 3");
  EXPECT_EQ(RuntimeExitMessage({false, 0}), "Runtime exited without providing a reason");
}

TEST(RequestIdsTest, SameSeedSameIdsAndTheyAreUuids) {
  RequestIds a(7, false);
  RequestIds b(7, false);
  const std::string id = a.NextRequestId();
  EXPECT_EQ(id, b.NextRequestId());
  EXPECT_NE(id, a.NextRequestId());
  EXPECT_THAT(id,
              ::testing::MatchesRegex("[0-9a-f]+-[0-9a-f]+-4[0-9a-f]+-[89ab][0-9a-f]+-[0-9a-f]+"));
  EXPECT_EQ(id.size(), 36u);
}

TEST(LineSplitterTest, CutsAtLineBreaksAndAtTheLongestLine) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  const auto sink = [&](const std::string& line) { lines.push_back(line); };
  splitter.Feed("on", sink);
  splitter.Feed("e\n\ntwo", sink);
  EXPECT_THAT(lines, ElementsAre("one", ""));
  splitter.Finish(sink);
  EXPECT_THAT(lines, ElementsAre("one", "", "two"));
  lines.clear();
  splitter.Feed(std::string(LineSplitter::kMaxLineBytes + 3, 'x'), sink);
  splitter.Finish(sink);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1], "xxx");
}

}  // namespace
}  // namespace lambent::local
