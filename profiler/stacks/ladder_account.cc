// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// What a Ladder's observations weigh: the time and CPU time that each stands for.
#include <algorithm>
#include <cstdint>

#include "profiler/stacks/ladder.h"

namespace lambent {

DropReason Ladder::Account(ObservedThread& thread, ThreadSample* sample) {
  const bool first = thread.observations++ == 0;
  const bool appeared =
      first && ticks_ > 1;  // since the last tick, so all it did is of this period
  if (first) {
    sample->wall_ns = appeared ? sample->time_ns - last_tick_ns_ : options_.period_ns;
  } else {
    sample->wall_ns = sample->time_ns - thread.seen_ns;
  }
  thread.seen_ns = sample->time_ns;
  if (thread.not_interpreted && thread.observations >= thread.ask_interpreter_at) {
    thread.not_interpreted = false;
    thread.stood_still = false;  // what it stands in may be Python's after all
  }
  roster_.UpdateName(thread);
  sample->thread_name = thread.name;
  const os::ReadResult read = thread.files->ReadSchedule(&thread.schedule);
  if (read == os::ReadResult::kGone) return DropReason::kTargetGone;
  if (read != os::ReadResult::kOk) return DropReason::kRefused;
  if (first && !appeared) {
    thread.cpu_ns = thread.schedule.cpu_ns;
    thread.wait_ns = thread.schedule.wait_ns;
  }
  const uint64_t waited_ns = std::max(thread.schedule.wait_ns, thread.wait_ns);
  thread.owed_wait_ns += static_cast<int64_t>(waited_ns - thread.wait_ns);
  thread.wait_ns = waited_ns;
  const uint64_t now_ns = std::max(thread.schedule.cpu_ns, thread.cpu_ns);
  sample->cpu_ns = static_cast<int64_t>(now_ns - thread.cpu_ns);
  thread.cpu_ns = now_ns;
  return DropReason::kUnspecified;
}

void Ladder::TakeRunQueue(ObservedThread& thread, ThreadSample* sample) {
  sample->run_queue_ns =
      std::clamp<int64_t>(sample->wall_ns - sample->cpu_ns, 0, thread.owed_wait_ns);
  thread.owed_wait_ns -= sample->run_queue_ns;
  // A thread that sleeps does not queue: what is left was before an earlier observation.
  if (IsBlocked(thread.state)) thread.owed_wait_ns = 0;
}

}  // namespace lambent
