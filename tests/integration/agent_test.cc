// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Where ptrace and perf are refused, as AWS Lambda does: native stacks come from the agent, which
// the layer's wrapper preloads into the runtime.
#include <sys/syscall.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "tests/integration/integration_fixture.h"

namespace lambent {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using support::Arguments;
using support::Finished;
using support::FoldedProfile;

constexpr double kPoints = 0.08;

class AgentTest : public IntegrationTest {
 protected:
  // The native example, its command given so that Lambda's rule for wrappers holds for it.
  Finished RunRefused(const Arguments& more) {
    Arguments command;
    for (const long call : {SYS_ptrace, SYS_perf_event_open}) {
      command.insert(command.end(), {LAMBENT_AGENT_TARGET, "refuse", std::to_string(call)});
    }
    for (const Arguments& part : {Arguments{binaries() + "/lambent", "local"},
                                  WithExtension(collector().grpc()),
                                  {"--timeout", "60", "--response-dir", Path("responses")},
                                  {"--event", R"({"work": 80, "sleep_ms": 200})"},
                                  {"--invocations", "4"},
                                  more,
                                  {"--", NativeFunction().back() + "/bootstrap"}}) {
      command.insert(command.end(), part.begin(), part.end());
    }
    return support::RunProgram(command, {}, absl::Seconds(100));
  }

  // What the function measured of itself, in ms.
  std::map<std::string, double> Spent() const {
    std::map<std::string, double> spent;
    for (const auto& [name, content] : Files(Path("responses"))) {
      const json response = json::parse(content, nullptr, false);
      EXPECT_TRUE(response.contains("spent_ms")) << name << ": " << content;
      if (!response.contains("spent_ms")) continue;
      for (const auto& [what, ms] : response["spent_ms"].items()) spent[what] += ms.get<double>();
    }
    return spent;
  }
};

TEST_F(AgentTest, TheWrapperShowsANativeFunctionWherePtraceAndPerfAreRefused) {
  StartCollector();
  const std::string wrapper = Path("opt/lambent/exec-wrapper");
  fs::copy_file(source() + "/extensions/layer/exec-wrapper", wrapper);
  fs::copy_file(binaries() + "/liblambent-agent.so", Path("opt/lambent/liblambent-agent.so"));
  const Finished run = RunRefused({"--env", "AWS_LAMBDA_EXEC_WRAPPER=" + wrapper});
  ASSERT_TRUE(run.ok()) << run.Describe();
  std::map<std::string, double> spent = Spent();
  const FoldedProfile profile = Folded({"--function", "function", "--phase", "invoke"});
  for (const std::vector<std::string>& path :
       {std::vector<std::string>{"handle_event", "process_order"},
        {"handle_event", "process_order", "price_items"},
        {"handle_event", "process_order", "checksum"},
        {"handle_event", "wait_for_stock"}}) {
    EXPECT_NEAR(profile.Share(path, "handle_event"), spent[path.back()] / spent["handle_event"],
                kPoints)
        << testing::PrintToString(path);
  }
}

TEST_F(AgentTest, WithoutItWorkIsCountedButNotShown) {
  StartCollector();
  const Finished run = RunRefused({});
  ASSERT_TRUE(run.ok()) << run.Describe();
  const FoldedProfile profile = Folded({"--function", "function", "--phase", "invoke"});
  EXPECT_GT(profile.WeightOf({"handle_event", "wait_for_stock"}), 0);
  EXPECT_EQ(profile.WeightOf({"handle_event", "process_order"}), 0);
}

}  // namespace
}  // namespace lambent
