// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/ladder.h"

#include <algorithm>
#include <utility>

namespace lambent {
namespace {

// A program that calls exec does so early: the exe link is looked at in each of the first ticks.
constexpr uint64_t kEarlyTicks = 32;
constexpr uint64_t kExeEvery = 16;
// Failures in a row after which everything known of the process is found out anew.
constexpr int kManyFailures = 16;

}  // namespace

bool Ladder::Observe(absl::FunctionRef<void(const ThreadSample&)> sink) {
  ++ticks_;
  TakeStops(sink);  // and forget those that have ended: their process waits for that
  const int64_t now = clock_.MonotonicNs();
  if (!CheckProcess(now)) {
    ReportAllGone(now, sink);
    return false;
  }
  native_.BeginTick();
  names_.BeginTick(now);
  agent_.BeginTick(now);
  NoteAgent();
  perf_.BeginTick();
  const bool had_interpreter = search_.stacks() != nullptr;
  search_.Tick(now);
  if (!had_interpreter && search_.stacks() != nullptr) {
    // Stacks taken before show nothing of it, also of threads that have slept since.
    for (auto& [tid, thread] : roster_.threads()) thread.stood_still = false;
  }
  stop_.BeginTick();
  ObserveThreads(sink);
  for (const int32_t tid : roster_.left_out()) {
    ThreadSample sample;
    sample.pid = pid();
    sample.tid = tid;
    sample.time_ns = now;
    sample.wall_ns = last_tick_ns_ == 0 ? options_.period_ns : now - last_tick_ns_;
    sample.drop = DropReason::kTooManyThreads;
    sink(sample);
  }
  for (const int32_t tid : ended_) roster_.Remove(tid);
  tick_length_ns_ = last_tick_ns_ == 0 ? options_.period_ns : now - last_tick_ns_;
  last_tick_ns_ = now;
  return true;
}

void Ladder::ObserveThreads(absl::FunctionRef<void(const ThreadSample&)> sink) {
  ended_.clear();
  for (const ThreadRoster::Owed& owed : roster_.TakeOwed()) {
    ThreadSample sample;
    sample.pid = pid();
    sample.tid = owed.tid;
    sample.time_ns = clock_.MonotonicNs();
    sample.wall_ns = owed.wall_ns;
    sample.cpu_ns = owed.cpu_ns;
    sample.thread_name = owed.name;
    sample.drop = DropReason::kTargetGone;
    sink(sample);
  }
  auto& threads = roster_.threads();
  auto next = threads.lower_bound(first_tid_);
  for (size_t left = threads.size(); left > 0; --left, ++next) {
    if (next == threads.end()) next = threads.begin();
    ThreadSample sample;
    if (!ObserveThread(next->second, &sample)) continue;
    if (sample.drop == DropReason::kTargetGone) ended_.push_back(next->first);
    sink(sample);
  }
  // While not all can be asked to stop at once, the first that was not is the next one's first.
  if (stop_.turned_away() != 0) first_tid_ = stop_.turned_away();
}

void Ladder::TakeStops(absl::FunctionRef<void(const ThreadSample&)> sink) {
  while (const int32_t tid = parts_.control->FindStopped()) {
    const auto thread = roster_.threads().find(tid);
    ThreadSample sample;
    if (thread != roster_.threads().end() && ObserveThread(thread->second, &sample)) {
      sink(sample);
      if (sample.drop == DropReason::kTargetGone) roster_.Remove(tid);
    }
    if (parts_.control->IsLate(tid)) parts_.control->Settle();  // nobody else would
  }
}

void Ladder::ReportAllGone(int64_t now, absl::FunctionRef<void(const ThreadSample&)> sink) {
  for (auto& [tid, thread] : roster_.threads()) {
    ThreadSample sample;
    sample.pid = pid();
    sample.tid = tid;
    sample.time_ns = now;
    sample.wall_ns = thread.observations == 0 ? 0 : now - thread.seen_ns + thread.owed_wall_ns;
    sample.thread_name = thread.name;
    sample.drop = DropReason::kTargetGone;
    sink(sample);
  }
  roster_.Clear();
  parts_.control->Settle();
}

bool Ladder::CheckProcess(int64_t now) {
  if (roster_.Refresh() == os::ReadResult::kGone) return false;
  if (suspect_end_ && HasEnded()) return false;
  suspect_end_ = false;
  const bool look = ticks_ <= kEarlyTicks || ticks_ % kExeEvery == 0;
  if (look && files_->ReadExe(&exe_now_) == os::ReadResult::kOk && exe_now_ != exe_) {
    exe_ = exe_now_;
    AfterExec();
  } else if (failures_ >= kManyFailures) {
    AfterFailures();
  }
  if (now >= refresh_maps_ns_) {
    modules_.Refresh();
    refresh_maps_ns_ = now + kRefreshMapsNs;
  }
  if (retry_.Take(now)) {
    const bool readable = probe_.abilities.read_memory;
    OpenMemory();
    if (!readable && probe_.abilities.read_memory) search_.Reset(now);  // it had nothing to read
  }
  return true;
}

bool Ladder::HasEnded() {
  os::ProcessStat stat;
  const os::ReadResult read = files_->ReadStat(&stat);
  if (read == os::ReadResult::kGone) return true;
  // A main thread may end before the others; then the process goes on.
  return read == os::ReadResult::kOk && (stat.state == 'Z' || stat.state == 'X') &&
         roster_.threads().size() + roster_.left_out().size() <= 1;
}

}  // namespace lambent
