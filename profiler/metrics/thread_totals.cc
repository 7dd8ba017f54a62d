// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/metrics/thread_totals.h"

#include <algorithm>

namespace lambent {
namespace {

// Moves *last up to `now` and adds the difference to *total.
void Advance(uint64_t now, uint64_t* last, uint64_t* total) {
  if (now > *last) *total += now - *last;
  *last = now;
}

}  // namespace

os::ReadResult ThreadTotals::Update(bool with_switches) {
  int64_t count = 0;
  const bool same = !with_switches && process_.CountThreads(&count) == os::ReadResult::kOk &&
                    static_cast<uint64_t>(count) == listed_;
  if (!same) {
    const os::ReadResult result = process_.ListThreads(&tids_);
    if (result != os::ReadResult::kOk) return result;
    listed_ = tids_.size();
  }
  ++round_;
  tids_.resize(std::min(tids_.size(), kMaxThreads));
  for (const int32_t tid : tids_) {
    Thread& thread = threads_[tid];
    if (thread.files == nullptr) thread.files = process_.OpenThread(tid);
    thread.round = round_;
    Add(&thread, with_switches);
  }
  for (auto it = threads_.begin(); it != threads_.end();) {
    const auto here = it++;
    if (here->second.round != round_) threads_.erase(here);
  }
  return os::ReadResult::kOk;
}

void ThreadTotals::Add(Thread* thread, bool with_switches) {
  os::ThreadSchedule schedule;
  os::ReadResult result = thread->files->ReadSchedule(&schedule);
  if (result == os::ReadResult::kGone) {
    // The kept descriptor is that of an ended thread: if the id is listed, another thread has it
    // now.
    thread->files = process_.OpenThread(thread->files->tid());
    thread->wait_ns = 0;
    thread->switches = {};
    result = thread->files->ReadSchedule(&schedule);
  }
  if (result != os::ReadResult::kOk) return;
  Advance(schedule.wait_ns, &thread->wait_ns, &wait_ns_);
  os::ThreadSwitches switches;
  if (!with_switches || thread->files->ReadSwitches(&switches) != os::ReadResult::kOk) return;
  Advance(switches.voluntary, &thread->switches.voluntary, &switches_.voluntary);
  Advance(switches.involuntary, &thread->switches.involuntary, &switches_.involuntary);
}

}  // namespace lambent
