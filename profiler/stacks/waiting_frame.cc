// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/waiting_frame.h"

#include <cstdint>
#include <string_view>

#include "profiler/os/system_call_name.h"

namespace lambent {
namespace {

// In Frame::address, beyond every number of a system call.
constexpr uint64_t kBlocked = UINT64_MAX;
constexpr uint64_t kPageFault = UINT64_MAX - 1;
constexpr uint64_t kStopped = UINT64_MAX - 2;

uint64_t WaitOf(const os::ThreadCall& call, char state) {
  if (call.kind == os::ThreadCall::Kind::kInCall) return static_cast<uint64_t>(call.number);
  if (state == 'T' || state == 't') return kStopped;
  // Where the call could not be read, state D is a call's as well.
  const bool outside = call.kind == os::ThreadCall::Kind::kBlocked;
  return outside && state == 'D' ? kPageFault : kBlocked;
}

}  // namespace

Frame WaitingFrame(const os::ThreadCall& call, char state) {
  return {.kind = FrameKind::kSystemCall, .address = WaitOf(call, state)};
}

void PutAtLeaf(const Frame& frame, Stack* stack) {
  stack->insert(stack->begin(), frame);
  LimitDepth(stack);
}

std::string WaitingName(const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::kRunQueue:
      return "run-queue wait";
    case FrameKind::kInterpreterLock:
      return "waiting for the GIL";
    default:
      break;
  }
  switch (frame.address) {
    case kBlocked:
      return "blocked";
    case kPageFault:
      return "page fault";
    case kStopped:
      return "stopped";
    default:
      break;
  }
  const std::string_view name = os::SystemCallName(static_cast<int64_t>(frame.address));
  return name.empty() ? "syscall_" + std::to_string(frame.address) : std::string(name);
}

}  // namespace lambent
