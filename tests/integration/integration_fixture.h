// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/workbench.h"

namespace lambent {

// The workbench with this build's programs.
class IntegrationTest : public support::Workbench {
 protected:
  IntegrationTest() : Workbench(LAMBENT_BINARY_DIR, LAMBENT_SOURCE_DIR) {}

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
