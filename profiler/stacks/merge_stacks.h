// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "profiler/stacks/stack.h"

namespace lambent {

// An interpreter's frame and where it was entered.
struct InterpretedFrame {
  Frame frame;
  bool entry = false;  // native code called it: one run of the evaluation loop ends here
};

// A native frame and what it is to the interpreter.
struct NativeFrame {
  Frame frame;
  bool loop = false;  // one run of the evaluation loop: it stands for the frames up to an entry
};

// Puts the interpreter's frames in the places of the runs of its loop, both leaf to root and of one
// moment. Native frames nearer the root than the outermost run only start the interpreter or the
// thread: they are left out, so that a stack begins where that of a thread whose registers could
// not be seen does. False, and `merged` is not changed, when the two do not belong together: as
// many runs as entries there must be. Pure.
bool MergeStacks(const std::vector<NativeFrame>& native,
                 const std::vector<InterpretedFrame>& interpreted, Stack* merged);

}  // namespace lambent
