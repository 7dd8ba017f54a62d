// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "profiler/os/thread_control.h"

// What a tracer asks of a thread it has seized, ptrace(2). On the tracer's thread.
namespace lambent::os {

// What became of a traced thread, without taking the news: PTRACE_DETACH does not need it taken,
// and the end of a child of this process is for its parent to collect.
enum class News : uint8_t { kNone, kStopped, kEnded, kNotOurs };

// Waits for news unless `no_waiting` is WNOHANG. A stop for a signal gives that to be passed on.
News Look(int32_t tid, int no_waiting, int* signal_to_deliver);

// Takes the news of a thread's end, so that its process can end and its parent hears of it; but not
// that of our own child, which is for the one who started it.
void CollectEnd(int32_t tid);

// Whether a thread that cannot be seized has just ended: then that is what EPERM means.
bool HasEnded(int32_t tid);

// Of a thread that stands. False: it was killed meanwhile.
bool ReadRegisters(int32_t tid, Registers* registers);

}  // namespace lambent::os
