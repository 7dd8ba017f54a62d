// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/waiting_frame.h"

#include <sys/syscall.h>

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace lambent {
namespace {

using Kind = os::ThreadCall::Kind;

os::ThreadCall Call(Kind kind, int64_t number = -1) {
  os::ThreadCall call;
  call.kind = kind;
  call.number = number;
  return call;
}

// The leaf's name of a stack of one function.
std::string Waits(const os::ThreadCall& call, char state) {
  Stack stack = {{.kind = FrameKind::kNative, .address = 1}};
  PutAtLeaf(WaitingFrame(call, state), &stack);
  EXPECT_EQ(stack.size(), 2u);
  EXPECT_EQ(stack[0].kind, FrameKind::kSystemCall);
  EXPECT_EQ(stack[1].kind, FrameKind::kNative);
  return WaitingName(stack[0]);
}

TEST(WaitingFrameTest, NamesTheSystemCall) {
  EXPECT_EQ(Waits(Call(Kind::kInCall, SYS_read), '?'), "read");
  EXPECT_EQ(Waits(Call(Kind::kInCall, 999), '?'), "syscall_999");
  EXPECT_EQ(Waits(Call(Kind::kInCall, INT64_MAX), '?'), "syscall_9223372036854775807");
}

TEST(WaitingFrameTest, SaysWhatElseHoldsAThread) {
  EXPECT_EQ(Waits(Call(Kind::kBlocked), 'D'), "page fault");
  EXPECT_EQ(Waits(Call(Kind::kBlocked), 'S'), "blocked");
  EXPECT_EQ(Waits(Call(Kind::kBlocked), 'T'), "stopped");
  EXPECT_EQ(Waits(Call(Kind::kBlocked), 't'), "stopped");
}

TEST(WaitingFrameTest, NamesWaitsOfOtherKinds) {
  EXPECT_EQ(WaitingName(kLockFrame), "waiting for the GIL");
  EXPECT_EQ(WaitingName({.kind = FrameKind::kRunQueue}), "run-queue wait");
}

TEST(WaitingFrameTest, ClaimsNoPageFaultWhereTheCallCouldNotBeRead) {
  EXPECT_EQ(Waits(Call(Kind::kRunning), 'D'), "blocked");
  EXPECT_EQ(Waits(Call(Kind::kRunning), 'S'), "blocked");
}

// Native frames numbered from the leaf; `cut`: with the frame that says that more were there.
Stack Frames(size_t count, bool cut = false) {
  Stack stack;
  for (uint64_t i = 0; i < count; ++i) stack.push_back({.kind = FrameKind::kNative, .address = i});
  if (cut) stack.push_back({.kind = FrameKind::kTruncated});
  return stack;
}

// `frame` before `rest`.
Stack Before(const Frame& frame, const Stack& rest) {
  Stack stack = {frame};
  stack.insert(stack.end(), rest.begin(), rest.end());
  return stack;
}

TEST(WaitingFrameTest, AStackBelowTheLimitKeepsAllItsFrames) {
  for (const bool cut : {false, true}) {
    Stack stack = Frames(kMaxStackDepth - 1, cut);
    PutAtLeaf(kLockFrame, &stack);
    EXPECT_EQ(stack, Before(kLockFrame, Frames(kMaxStackDepth - 1, cut))) << cut;
  }
}

TEST(WaitingFrameTest, AStackAtTheLimitLosesTheFrameNearestTheRoot) {
  for (const bool cut : {false, true}) {
    Stack stack = Frames(kMaxStackDepth, cut);
    PutAtLeaf(kLockFrame, &stack);
    EXPECT_EQ(stack, Before(kLockFrame, Frames(kMaxStackDepth - 1, /*cut=*/true))) << cut;
    EXPECT_EQ(stack.size(), kMaxStackDepth + 1) << "as deep as any other stack that was cut";
  }
}

}  // namespace
}  // namespace lambent
