// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/source_view.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collector/query/profile_queries.h"
#include "tests/collector/symbolize/inlined_target.h"
#include "tests/support/store_fixture.h"

namespace lambent::collector {
namespace {

using support::BuildIdOf;
using support::CodeOf;
using support::DeepestCode;
using support::kOuter;
using support::LineOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kProgram[] = LAMBENT_INLINED_TARGETS "/inlined_target";

// GoodContent() whose second and third frame are native code of the program, as it was named while
// it ran.
v1::BatchContent NativeContent(uint64_t second, uint64_t third, const std::string& name = kOuter) {
  v1::BatchContent content = testing::GoodContent();
  v1::Dictionary& dictionary = *content.mutable_dictionary();
  dictionary.set_strings(3, kProgram);
  dictionary.set_module_build_id(0, BuildIdOf(kProgram));
  dictionary.set_strings(1, name);
  for (const int frame : {1, 2}) {
    dictionary.set_frame_kind(frame, v1::FRAME_KIND_NATIVE);
    dictionary.set_frame_name(frame, name.empty() ? 0 : 2);
    dictionary.set_frame_module(frame, 1);
    dictionary.set_frame_address(frame, CodeOf(kProgram, kOuter).first);
  }
  for (const uint64_t address : {uint64_t{0}, second, third}) {
    dictionary.add_frame_code_address(address);
  }
  return content;
}

class SourceViewTest : public testing::StoreTest {
 protected:
  // "name" of every node but the root, "name*" of what was inlined, in order.
  std::vector<std::string> Names(const SourceView& view) {
    profile_ = *MergeProfile(*store_, {}, view);
    std::vector<std::string> names;
    for (size_t i = 1; i < profile_.node_frame.size(); ++i) {
      const Profile::Frame& frame = profile_.frames[profile_.node_frame[i]];
      names.push_back(absl::StrCat(frame.name, frame.inlined ? "*" : ""));
    }
    return names;
  }
  std::vector<uint32_t> Lines() const {
    std::vector<uint32_t> lines;
    for (size_t i = 1; i < profile_.node_frame.size(); ++i) {
      lines.push_back(profile_.frames[profile_.node_frame[i]].current_line);
    }
    return lines;
  }

  const uint64_t deep_ = DeepestCode(kProgram);
  const std::string outer_ = "inlined::Outer(unsigned long)";
  const std::string middle_ = "void inlined::Middle<unsigned long>(unsigned long)*";
  const std::string inner_ = "inlined::Worker::Inner(unsigned long)*";
  const std::string hidden_ = absl::StrCat(support::kHidden, "*");
  Symbolizer symbolizer_{{{}, {""}}};
  Profile profile_;
};

TEST_F(SourceViewTest, PutsInlinedFunctionsBelowTheOneTheyAreIn) {
  ASSERT_TRUE(Store(*Open(), 1, NativeContent(deep_, deep_)).ok());

  EXPECT_THAT(Names({&symbolizer_, true, false}),
              ElementsAre("main", outer_, middle_, inner_, hidden_));
  EXPECT_THAT(Lines(), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_EQ(profile_.frames.back().line, LineOf("inlined_work.h", "void Hidden("));
}

TEST_F(SourceViewTest, TellsTheLinesOfCallsAndOfWhatIsExecuted) {
  ASSERT_TRUE(Store(*Open(), 1, NativeContent(deep_, deep_)).ok());

  EXPECT_THAT(Names({&symbolizer_, true, true}),
              ElementsAre("main", outer_, middle_, inner_, hidden_));
  EXPECT_THAT(Lines(), ElementsAre(0, LineOf("inlined_target.cc", "the outer call"),
                                   LineOf("inlined_target.cc", "the middle call"),
                                   LineOf("inlined_work.h", "the inner call"),
                                   LineOf("inlined_work.h", "the spinning line")));
}

TEST_F(SourceViewTest, LeavesInlinedFunctionsOutWhenAsked) {
  ASSERT_TRUE(Store(*Open(), 1, NativeContent(deep_, deep_)).ok());

  EXPECT_THAT(Names({&symbolizer_, false, true}), ElementsAre("main", outer_));
  EXPECT_THAT(Lines(), ElementsAre(0, LineOf("inlined_target.cc", "the outer call")));
}

TEST_F(SourceViewTest, FramesThatDifferOnlyInTheirCodeAreOne) {
  // The loop's first and last instruction; whatever lines they have.
  ASSERT_TRUE(Store(*Open(), 1, NativeContent(deep_, deep_ + 1)).ok());

  EXPECT_THAT(Names({&symbolizer_, false, false}), ElementsAre("main", outer_));
  EXPECT_THAT(Names({}), ElementsAre("main", outer_));
}

TEST_F(SourceViewTest, NamesTheCodeOfAStrippedProgram) {
  ASSERT_TRUE(Store(*Open(), 1, NativeContent(deep_, deep_, "")).ok());

  EXPECT_THAT(Names({&symbolizer_, true, false}),
              ElementsAre("main", outer_, middle_, inner_, hidden_));
  EXPECT_EQ(profile_.frames[profile_.node_frame[2]].address, CodeOf(kProgram, kOuter).first);
}

TEST_F(SourceViewTest, KeepsTheNameOfAClone) {
  ASSERT_TRUE(Store(*Open(), 1, NativeContent(deep_, deep_, "_ZN7inlined5OuterEm.cold")).ok());

  EXPECT_EQ(Names({&symbolizer_, false, false})[1], outer_ + " [clone .cold]");
  EXPECT_EQ(profile_.frames.back().address, CodeOf(kProgram, kOuter).first);
}

TEST_F(SourceViewTest, WithoutDebuggingInformationNothingChanges) {
  ASSERT_TRUE(Store(*Open(), 1, NativeContent(deep_, deep_)).ok());
  Symbolizer nothing(DebugFileSearch{{}, {}});

  const std::vector<std::string> names = Names({&nothing, true, true});

  EXPECT_THAT(names, ElementsAre("main", outer_));
  EXPECT_EQ(names, Names({}));
  EXPECT_THAT(profile_.frames.back().file, IsEmpty());
}

}  // namespace
}  // namespace lambent::collector
