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

// Puts the frame of a blocked thread's wait at the leaf. `call`: the system call it is in, of kind
// kRunning where that could not be read. `state`: the thread's (ThreadStat), '?' where it is in a
// call. A stack at the limit of depth gives up frames nearest the root. Allocates at the first uses
// of a stack's memory only.
void PutWaitAtLeaf(const os::ThreadCall& call, char state, Stack* stack);

// The name of a frame of a waiting kind, without brackets: "epoll_wait", "syscall_999" for a number
// that this build's kernel headers do not have. Outside a call: "page fault" in state D, where
// nothing else is usual; "stopped" in T and t; else "blocked". Needs nothing of the process.
std::string WaitingName(const Frame& frame);

}  // namespace lambent
