// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "profiler/os/proc_values.h"
#include "profiler/stacks/stack.h"

namespace lambent {

// What a thread that does not run waits for, as the frame at its leaf: waiting for the network is
// to look different from computing. On the capture path such a frame is its kind and a number; the
// name is made when the frame enters the dictionary.

// The frame of a blocked thread's wait. `call`: the system call it is in, of kind kRunning where
// that could not be read. `state`: the thread's (ThreadStat), '?' where it is in a call.
Frame WaitingFrame(const os::ThreadCall& call, char state);

// The frame of a thread that waits for its interpreter's global lock. That it does is proven by
// what the futex it sleeps in belongs to: a thread waits for that lock in a condition variable or a
// mutex that is part of it.
inline constexpr Frame kLockFrame = {.kind = FrameKind::kInterpreterLock};

// Puts `frame` at the leaf. A stack at the limit of depth gives up the frame nearest the root.
// Allocates only as `stack` grows.
void PutAtLeaf(const Frame& frame, Stack* stack);

// The name of a frame of a waiting kind, without brackets: "epoll_wait", "syscall_999" for a number
// that this build's kernel headers do not have. Outside a call: "page fault" in state D, where
// nothing else is usual; "stopped" in T and t; else "blocked". Needs nothing of the process.
std::string WaitingName(const Frame& frame);

}  // namespace lambent
