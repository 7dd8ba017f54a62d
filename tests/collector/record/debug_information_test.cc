// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// What `lambent record` makes of debugging information, on real programs.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

#include "tests/collector/record/record_fixture.h"
#include "tests/collector/symbolize/inlined_target.h"
#include "tests/collector/symbolize/split_target.h"

namespace lambent::support {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kInlinedPath = {"main", "inlined::Outer(unsigned long)",
                                               "void inlined::Middle<unsigned long>(unsigned long)",
                                               "inlined::Worker::Inner(unsigned long)", kHidden};

class DebugInformationTest : public RecordTest {
 protected:
  static std::string InlinedTarget(const std::string& name = "inlined_target") {
    return absl::StrCat(LAMBENT_INLINED_TARGETS, "/", name);
  }
  json RecordJson(const Words& flags, const Words& command) {
    const std::string file = folder() + "/out.json";
    const Finished ran = RunProgram(Join({{LAMBENT_BINARY_DIR "/lambent", "record"},
                                          flags,
                                          {"--format", "json", "-o", file, "--"},
                                          command}),
                                    {}, absl::Seconds(120));
    EXPECT_TRUE(ran.ok()) << ran.Describe();
    return json::parse(ReadFile(file), nullptr, false);
  }
  // Whether a frame of this name, line and mark is in the profile.
  static bool Has(const json& profile, const std::string& name, uint32_t line, bool inlined) {
    const json& frames = profile["frames"];
    return std::any_of(frames.begin(), frames.end(), [&](const json& frame) {
      return frame["name"] == name && frame.value("current_line", 0U) == line &&
             frame.value("inlined", false) == inlined;
    });
  }
};

TEST_F(DebugInformationTest, InlinedFunctionsAreFramesInTheirOrder) {
  const Finished ran = Record({}, {InlinedTarget(), "1"});
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_GT(Profile().Share(kInlinedPath, "main"), 0.5) << ran.err << ReadFile(File());
}

TEST_F(DebugInformationTest, LinesOfCallsAndOfInlinedFunctionsAreTold) {
  const json profile = RecordJson({"--lines"}, {InlinedTarget(), "1"});
  EXPECT_TRUE(Has(profile, kInlinedPath[1], LineOf("inlined_target.cc", "the outer call"), false));
  EXPECT_TRUE(Has(profile, kInlinedPath[2], LineOf("inlined_target.cc", "the middle call"), true));
  EXPECT_TRUE(Has(profile, kInlinedPath[3], LineOf("inlined_work.h", "the inner call"), true));
  EXPECT_TRUE(Has(profile, kInlinedPath[4], LineOf("inlined_work.h", "the spinning line"), true))
      << profile.dump(1);
}

TEST_F(DebugInformationTest, WithoutLinesAFunctionIsOneFrameWhateverItExecutes) {
  const json profile = RecordJson({"--rate", "499"}, {InlinedTarget(), "1"});
  std::vector<std::string> names;
  for (const json& frame : profile["frames"]) {
    EXPECT_FALSE(frame.contains("current_line")) << frame;
    if (frame["name"].get<std::string>().starts_with("inlined::")) names.push_back(frame["name"]);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end()) << profile.dump(1);
}

TEST_F(DebugInformationTest, InlinedFunctionsCanBeLeftOut) {
  const Finished ran = Record({"--no-inline"}, {InlinedTarget(), "1"});
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  const std::string folded = ReadFile(File());
  EXPECT_THAT(folded, HasSubstr("main;inlined::Outer(unsigned long) "));
  EXPECT_THAT(folded, Not(HasSubstr("Inner")));
}

TEST_F(DebugInformationTest, AStrippedProgramIsNamedOutOfADebugDirectory) {
  const std::string stripped = folder() + "/stripped";
  SplitDebugInformation(InlinedTarget(), folder() + "/debug", stripped);

  const Finished plain = Record({}, {stripped, "1"});
  ASSERT_TRUE(plain.ok()) << plain.Describe();
  EXPECT_EQ(Profile().WeightOf({"inlined::"}), 0) << ReadFile(File());

  const Finished ran =
      Record({"--debug-dir", folder(), "--debug-dir", folder() + "/debug"}, {stripped, "1"});
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_GT(Profile().Share(kInlinedPath, "main"), 0.5) << ran.err << ReadFile(File());
}

TEST_F(DebugInformationTest, AProgramWithoutItShowsItsSymbols) {
  const json profile = RecordJson({"--lines"}, {InlinedTarget("inlined_target_bare"), "1"});
  EXPECT_TRUE(Has(profile, kInlinedPath[1], 0, false)) << profile.dump(1);
  for (const json& frame : profile["frames"]) {
    if (frame.value("module", "").find("inlined_target") == std::string::npos) continue;
    EXPECT_FALSE(frame.value("inlined", false)) << frame;
  }
}

// .dwo files may be on the machine that built it, or in a package.
TEST_F(DebugInformationTest, AProgramWhoseSplitFilesAreGoneShowsItsSymbols) {
  const std::string program = folder() + "/inlined_target_split";
  CopySplitProgram(program, folder() + "/gone.dwo");
  const json profile = RecordJson({"--lines"}, {program, "1"});
  EXPECT_TRUE(Has(profile, kInlinedPath[1], 0, false)) << profile.dump(1);
  for (const json& frame : profile["frames"]) {
    if (frame.value("module", "") != program) continue;
    EXPECT_FALSE(frame.contains("current_line") || frame.value("inlined", false)) << frame;
  }
}

// Both manglings, of a compiler that is on few machines.
TEST_F(DebugInformationTest, ARustProgramIsWrittenAsItsSource) {
  if (!RunProgram({"rustc", "--version"}).ok()) GTEST_SKIP() << "there is no rustc here";
  for (const std::string mangling : {"legacy", "v0"}) {
    const std::string program = folder() + "/rust_" + mangling;
    const Finished built = RunProgram(
        {"rustc", "-O", "-g", "-C", "symbol-mangling-version=" + mangling, "-Z", "unstable-options",
         "-o", program, std::string(LAMBENT_RECORD_SCRIPTS) + "/rust_target.rs"},
        {{"RUSTC_BOOTSTRAP", "1"}}, absl::Seconds(120));
    ASSERT_TRUE(built.ok()) << built.Describe();
    const Finished ran = Record({}, {program, "1"});
    ASSERT_TRUE(ran.ok()) << ran.Describe();
    const std::string folded = ReadFile(File());
    EXPECT_GT(Profile().WeightOf({"rust_target::main", "rust_target::outer", "rust_target::inner"}),
              0)
        << folded;
    EXPECT_THAT(folded, Not(HasSubstr("17h"))) << folded;
    EXPECT_THAT(folded, Not(HasSubstr(";_R"))) << folded;
  }
}

}  // namespace
}  // namespace lambent::support
