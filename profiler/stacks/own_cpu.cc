// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/own_cpu.h"

namespace lambent {
namespace {

// The scheduler may move the thread away just when we come; it seldom does so twice.
constexpr int kMaxMoves = 3;

}  // namespace

Follow OwnCpu::FollowTo(ObservedThread& thread) {
  for (int move = 0; move <= kMaxMoves; ++move) {
    // In this order: if the thread starts to run after the figures were read, they tell later.
    if (thread.files->ReadSchedule(&thread.schedule) != os::ReadResult::kOk) return Follow::kGone;
    os::ThreadStat stat;
    if (thread.files->ReadStat(&stat) != os::ReadResult::kOk) return Follow::kGone;
    if (stat.processor == bound_ && affinity_.CurrentCpu() == bound_) return Follow::kHere;
    if (stat.processor == bound_) affinity_.Release();  // somebody else moved us
    bound_ = -1;
    if (!affinity_.MoveTo(stat.processor)) return Follow::kElsewhere;
    bound_ = stat.processor;
  }
  return Follow::kElsewhere;
}

}  // namespace lambent
