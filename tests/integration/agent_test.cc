// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Where ptrace and perf are refused, as AWS Lambda does: native stacks come from the agent, which
// the layer's wrapper, or the loader's variable, preloads into the runtime; Python's need no agent.
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
  // `function` for some invocations, itself and the extension under a filter.
  Finished RunRefused(const Arguments& event, const Arguments& more, const Arguments& function) {
    Arguments command;
    for (const long call : {SYS_ptrace, SYS_perf_event_open}) {
      command.insert(command.end(), {LAMBENT_AGENT_TARGET, "refuse", std::to_string(call)});
    }
    for (const Arguments& part :
         {Arguments{binaries() + "/lambent", "local"}, WithExtension(collector().grpc()),
          Arguments{"--timeout", "60", "--response-dir", Path("responses"), "--invocations", "4"},
          event, more, function}) {
      command.insert(command.end(), part.begin(), part.end());
    }
    return support::RunProgram(command, {}, absl::Seconds(100));
  }
  // The native example, its command given so that Lambda's rule for wrappers holds for it.
  Finished RunNativeRefused(const Arguments& more) {
    return RunRefused({"--event", R"({"work": 80, "sleep_ms": 200})"}, more,
                      {"--", NativeFunction().back() + "/bootstrap"});
  }

  // The agent where the layer has it.
  std::string InstallAgent() const {
    const std::string agent = Path("opt/lambent/liblambent-agent.so");
    fs::copy_file(binaries() + "/liblambent-agent.so", agent);
    return agent;
  }

  // The function's frames have the shares that it measured of itself.
  void ExpectShares(const std::vector<std::vector<std::string>>& paths, const std::string& root) {
    std::map<std::string, double> spent;  // ms
    for (const auto& [name, content] : Files(Path("responses"))) {
      const json response = json::parse(content, nullptr, false);
      EXPECT_TRUE(response.contains("spent_ms")) << name << ": " << content;
      if (!response.contains("spent_ms")) continue;
      for (const auto& [what, ms] : response["spent_ms"].items()) spent[what] += ms.get<double>();
    }
    const FoldedProfile profile = Folded({"--function", "function", "--phase", "invoke"});
    for (const std::vector<std::string>& path : paths) {
      EXPECT_NEAR(profile.Share(path, root), spent[path.back()] / spent[root], kPoints)
          << testing::PrintToString(path);
    }
  }

  const std::vector<std::vector<std::string>> native_paths_ = {
      {"handle_event", "process_order"},
      {"handle_event", "process_order", "price_items"},
      {"handle_event", "process_order", "checksum"},
      {"handle_event", "wait_for_stock"}};
};

TEST_F(AgentTest, TheWrapperShowsANativeFunctionWherePtraceAndPerfAreRefused) {
  StartCollector();
  InstallAgent();
  const std::string wrapper = Path("opt/lambent/exec-wrapper");
  fs::copy_file(source() + "/extensions/layer/exec-wrapper", wrapper);
  const Finished run = RunNativeRefused({"--env", "AWS_LAMBDA_EXEC_WRAPPER=" + wrapper});
  ASSERT_TRUE(run.ok()) << run.Describe();
  ExpectShares(native_paths_, "handle_event");
}

TEST_F(AgentTest, TheLoadersVariableShowsAnOsOnlyRuntimeWherePtraceAndPerfAreRefused) {
  StartCollector();
  const Finished run = RunRefused({"--event", R"({"work": 80, "sleep_ms": 200})"},
                                  {"--env", "LD_PRELOAD=" + InstallAgent()}, NativeFunction());
  ASSERT_TRUE(run.ok()) << run.Describe();
  ExpectShares(native_paths_, "handle_event");
}

TEST_F(AgentTest, WithoutItWorkIsCountedButNotShown) {
  StartCollector();
  const Finished run = RunNativeRefused({});
  ASSERT_TRUE(run.ok()) << run.Describe();
  const FoldedProfile profile = Folded({"--function", "function", "--phase", "invoke"});
  EXPECT_GT(profile.WeightOf({"handle_event", "wait_for_stock"}), 0);
  EXPECT_EQ(profile.WeightOf({"handle_event", "process_order"}), 0);
}

TEST_F(AgentTest, APythonFunctionNeedsNoneWherePtraceAndPerfAreRefused) {
  StartCollector();
  const Finished run =
      RunRefused({"--event", R"({"work": 60})"}, {}, PythonFunction(kExample, "handler.handler"));
  ASSERT_TRUE(run.ok()) << run.Describe();
  ExpectShares({{"handler", "process_order"},
                {"handler", "process_order", "price_items"},
                {"handler", "process_order", "checksum"}},
               "handler");
}

}  // namespace
}  // namespace lambent
