// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/workbench.h"

namespace lambent {

// The workbench with this build's programs.
class IntegrationTest : public support::Workbench {
 protected:
  IntegrationTest() : Workbench(LAMBENT_BINARY_DIR, LAMBENT_SOURCE_DIR) {}

  // WithExtension, the extension saying what it counted: ExpectBalanced reads it.
  support::Arguments WithCountingExtension(const std::string& address) const {
    support::Arguments arguments = WithExtension(address);
    arguments.insert(arguments.end(), {"--env-extensions", "LAMBENT_LOG=info"});
    return arguments;
  }

  // The equation: expects that what the extension said it captured (its own count, on its standard
  // error) is what the collector shows plus what it says was dropped. `expected_environments`: one
  // that loses all it knows says nothing and shows nothing, and must not balance by that.
  void ExpectBalanced(const support::Finished& run, int expected_environments, int64_t at_least) {
    EXPECT_TRUE(run.ok()) << run.Describe();
    int64_t captured = 0;
    int environments = 0;
    const std::string said = "samples captured ";
    for (size_t at = 0; (at = run.err.find(said, at)) != std::string::npos; ++environments) {
      at += said.size();
      captured += std::stoll(run.err.substr(at, 20));
    }
    EXPECT_EQ(environments, expected_environments) << run.err;

    const std::string file = Path("all.json");
    Cli({"export", "--function", "function", "--format", "json", "-o", file});
    const auto profile = nlohmann::json::parse(support::ReadFile(file), nullptr, false);
    ASSERT_TRUE(profile.is_object() && profile.contains("totals")) << "not our JSON";
    int64_t dropped = 0;
    for (const auto& [reason, count] : profile["drops"].items()) dropped += count.get<int64_t>();
    const int64_t rendered = profile["totals"]["samples"].get<int64_t>();

    EXPECT_EQ(captured, rendered + dropped) << "rendered " << rendered << ", " << profile["drops"];
    EXPECT_GE(rendered, at_least);
    const support::Arguments weighted = {"--function", "function", "--weight", "samples"};
    EXPECT_EQ(Folded(weighted).total(), rendered) << "two exports of the same samples";
  }

  // Arguments of a run whose every invocation must succeed, and whose answers Answers(name) reads.
  support::Arguments MustSucceed(const std::string& name) const {
    return {"--fail-on-error", "--seed", "7", "--response-dir", Path(name)};
  }
  std::vector<std::pair<std::string, std::string>> Answers(const std::string& name) const {
    return Files(Path(name));
  }

  // The answers of steady.echo without the extension, byte for byte.
  std::vector<std::pair<std::string, std::string>> AnswersWithoutExtension(const std::string& event,
                                                                           int invocations) {
    const support::Finished plain =
        Local({PythonFunction(kFunctions, "steady.echo_at_once"),
               MustSucceed("plain"),
               {"--event", event, "--invocations", std::to_string(invocations)}});
    EXPECT_TRUE(plain.ok()) << plain.Describe();
    EXPECT_EQ(Answers("plain").size(), static_cast<size_t>(invocations));
    return Answers("plain");
  }

  static constexpr const char* kFunctions = "tests/integration/functions";
  static constexpr const char* kExample = "extensions/local/examples/python";
};

}  // namespace lambent
