// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/merge_stacks.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lambent {
namespace {

using ::testing::ElementsAre;

// Native frames numbered by their address; a loop is negative.
std::vector<NativeFrame> Native(const std::vector<int>& numbers) {
  std::vector<NativeFrame> frames;
  for (const int number : numbers) {
    const auto address = static_cast<uint64_t>(number < 0 ? -number : number);
    frames.push_back({{.kind = FrameKind::kNative, .address = address}, number < 0});
  }
  return frames;
}

// Python frames numbered by their line; an entry is negative.
std::vector<InterpretedFrame> Python(const std::vector<int>& numbers) {
  std::vector<InterpretedFrame> frames;
  for (const int number : numbers) {
    const auto line = static_cast<uint32_t>(number < 0 ? -number : number);
    frames.push_back({{.kind = FrameKind::kPython, .line = line}, number < 0});
  }
  return frames;
}

std::vector<std::string> Words(const Stack& stack) {
  std::vector<std::string> words;
  for (const Frame& frame : stack) {
    words.push_back(frame.kind == FrameKind::kPython   ? "py" + std::to_string(frame.line)
                    : frame.kind == FrameKind::kNative ? "c" + std::to_string(frame.address)
                                                       : "cut");
  }
  return words;
}

TEST(MergeStacksTest, FramesOfEachRunTakeItsPlace) {
  Stack merged;
  ASSERT_TRUE(MergeStacks(Native({1, 2, -3, 4, 5, -6, 7, 8}), Python({1, 2, -3, 4, -5}), &merged));
  EXPECT_THAT(Words(merged),
              ElementsAre("c1", "c2", "py1", "py2", "py3", "c4", "c5", "py4", "py5"));
}

TEST(MergeStacksTest, LoopAtTheLeafLeavesNoNativeFrameAboveIt) {
  Stack merged;
  ASSERT_TRUE(MergeStacks(Native({-1, -2}), Python({-1, 2, -3}), &merged));
  EXPECT_THAT(Words(merged), ElementsAre("py1", "py2", "py3"));
}

TEST(MergeStacksTest, StacksThatDisagreeAreNotMerged) {
  Stack merged = {{.kind = FrameKind::kTruncated}};
  EXPECT_FALSE(MergeStacks(Native({1, -2, 3}), Python({-1, -2}), &merged));
  EXPECT_FALSE(MergeStacks(Native({1, -2, -3}), Python({1, -2}), &merged));
  EXPECT_FALSE(MergeStacks(Native({1, 2}), Python({}), &merged));
  EXPECT_FALSE(MergeStacks(Native({}), Python({}), &merged));
  // The outermost frame was called by nobody known: frames are missing.
  EXPECT_FALSE(MergeStacks(Native({1, -2}), Python({-1, 2}), &merged));
  EXPECT_THAT(Words(merged), ElementsAre("cut"));
}

TEST(MergeStacksTest, TooDeepAStackIsCutAtTheRoot) {
  std::vector<int> native;
  std::vector<int> python;
  for (int i = 1; i <= 600; ++i) {
    native.push_back(i);
    native.push_back(-i);
    python.push_back(-i);
  }
  Stack merged;
  ASSERT_TRUE(MergeStacks(Native(native), Python(python), &merged));
  EXPECT_EQ(merged.size(), kMaxStackDepth + 1);
  EXPECT_EQ(Words(merged).front(), "c1");
  EXPECT_EQ(Words(merged).back(), "cut");
}

}  // namespace
}  // namespace lambent
