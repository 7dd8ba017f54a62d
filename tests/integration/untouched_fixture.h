// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/integration_fixture.h"

namespace lambent {

// Runs a function with the extension and without, and compares what its caller got.
class UntouchedTest : public IntegrationTest {
 protected:
  // The same five invocations in every run: same ids, same events.
  support::Finished RunInto(const std::string& folder, const std::vector<support::Arguments>& more,
                            const char* handler = "steady.echo") {
    std::vector<support::Arguments> parts = more;
    parts.push_back(PythonFunction(kFunctions, handler));
    parts.push_back({"--event", R"({"n": 1, "spin": 0.05, "text": "ü <b> \u0000"})", "--event",
                     R"({"n": 2, "spin": 0.1})"});
    parts.push_back({"--invocations", "5", "--seed", "7", "--timeout", "20", "--freeze-ms", "20",
                     "--response-dir", Path(folder)});
    return Local(parts);
  }

  // With the extension towards `address` and `more`: as without.
  support::Finished ExpectUntouched(const std::string& address, const support::Arguments& more = {},
                                    const char* handler = "steady.echo") {
    const support::Finished plain = RunInto("without", {more}, handler);
    const support::Finished profiled = RunInto("with", {WithExtension(address), more}, handler);
    EXPECT_TRUE(plain.ok()) << plain.Describe();
    EXPECT_TRUE(profiled.ok()) << profiled.Describe();
    const auto expected = Files(Path("without"));
    EXPECT_EQ(expected.size(), 5u);
    EXPECT_EQ(Files(Path("with")), expected);
    return profiled;
  }

  // How often the extension said that profiles do not reach `address`, with what to do about it: at
  // most once may it.
  static int SaidUndelivered(const support::Finished& run, const std::string& address,
                             const std::string& advice = "Check LAMBENT_COLLECTOR") {
    const std::string line = "lambent: profiles cannot be delivered to " + address + ": ";
    int said = 0;
    for (size_t at = 0; (at = run.err.find(line, at)) != std::string::npos; at += line.size()) {
      ++said;
      const std::string rest = run.err.substr(at, run.err.find('\n', at) - at);
      EXPECT_THAT(rest, testing::HasSubstr("; the function is not affected. " + advice));
    }
    EXPECT_LE(said, 1) << run.err;
    return said;
  }

  // How many lines the extension wrote.
  static int LinesOfOurs(const support::Finished& run) {
    int lines = 0;
    const std::string ours = "lambent: ";
    for (size_t at = 0; (at = run.err.find(ours, at)) != std::string::npos; at += ours.size()) {
      ++lines;
    }
    return lines;
  }
};

}  // namespace lambent
