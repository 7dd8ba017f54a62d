// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "profiler/stacks/observed_thread.h"

namespace lambent {

// Whether the thread is running or would like to: the only state it may be stopped or signalled in.
// `reads_calls`: ThreadFiles::ReadCall works on its process.
inline bool IsOnCpu(ObservedThread& thread, bool reads_calls) {
  if (reads_calls) {
    os::ThreadCall call;
    return thread.files->ReadCall(&call) == os::ReadResult::kOk &&
           call.kind == os::ThreadCall::Kind::kRunning;
  }
  os::ThreadStat stat;
  return thread.files->ReadStat(&stat) == os::ReadResult::kOk && stat.state == 'R';
}

}  // namespace lambent
