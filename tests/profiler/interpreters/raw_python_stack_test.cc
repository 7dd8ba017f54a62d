// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/raw_python_stack.h"

#include <gtest/gtest.h>

namespace lambent::cpython {
namespace {

RawPythonStack TwoFrames(int32_t leaf, int32_t caller) {
  RawPythonStack stack;
  stack.codes = {{.address = 0x100}, {.address = 0x200}};
  stack.frames = {{.address = 0x1000, .code = 0, .instruction = leaf},
                  {.address = 0x2000, .code = 1, .instruction = caller}};
  return stack;
}

TEST(RawPythonStackTest, TheLeafMovesThroughItsInstructionsWithinTheSameCalls) {
  EXPECT_TRUE(SameCalls(TwoFrames(2, 10), TwoFrames(8, 10)));
}

TEST(RawPythonStackTest, ACallerThatMovedHasMadeAnotherCall) {
  EXPECT_TRUE(TwoFrames(2, 10) == TwoFrames(2, 12)) << "the same stack to look at";
  EXPECT_FALSE(SameCalls(TwoFrames(2, 10), TwoFrames(2, 12)));
}

TEST(RawPythonStackTest, OtherFramesAreOtherCalls) {
  RawPythonStack other = TwoFrames(2, 10);
  other.frames[0].code = 1;
  EXPECT_FALSE(SameCalls(TwoFrames(2, 10), other));
  other.frames.pop_back();
  EXPECT_FALSE(SameCalls(TwoFrames(2, 10), other));
}

}  // namespace
}  // namespace lambent::cpython
