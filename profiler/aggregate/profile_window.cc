// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/aggregate/profile_window.h"

#include <algorithm>

namespace lambent {
namespace {

// Rows of one thread are one run if the second begins where the first ends, give or take the time
// that lies between reading the clock and reading the thread.
constexpr int64_t kRunGapNs = 1'000'000;

// Empties a segment but keeps its columns' memory.
void Reset(Segment& segment) {
  SampleRows rows = std::move(segment.rows);
  rows.start_ns.clear();
  rows.wall_ns.clear();
  rows.cpu_ns.clear();
  rows.run_queue_ns.clear();
  rows.thread.clear();
  rows.stack.clear();
  rows.observations.clear();
  rows.state.clear();
  rows.rung.clear();
  rows.partial.clear();
  segment = Segment{};
  segment.rows = std::move(rows);
}

}  // namespace

ProfileWindow::ThreadMemory& ProfileWindow::MemoryOf(uint32_t thread) {
  if (thread >= memory_.size()) memory_.resize(thread + 1);
  return memory_[thread];
}

uint32_t ProfileWindow::StackOf(const ThreadSample& sample, uint32_t thread) {
  if (sample.stack == nullptr) return 0;
  ThreadMemory& memory = MemoryOf(thread);
  const auto depth = static_cast<uint32_t>(sample.stack->size());
  // An unchanged stack is the one of the thread's last sample: no hashing. The depth guards against
  // a sampler whose "last" is not ours (a thread that renamed itself in between).
  if (sample.rung == Rung::kUnchanged && memory.depth == depth && depth != 0) return memory.stack;
  const uint32_t stack = stacks_.Intern(*sample.stack);
  memory.stack = stack;
  memory.depth = stack == StackTrie::kFull ? 0 : depth;
  return stack;
}

void ProfileWindow::Observe(const ThreadSample& sample, int64_t wall_ns) {
  Waiting waiting{.time_ns = sample.time_ns,
                  .wall_ns = wall_ns,
                  .cpu_ns = sample.cpu_ns,
                  .run_queue_ns = std::min(sample.run_queue_ns, wall_ns),
                  .thread = 0,
                  .stack = 0,
                  .state = sample.state,
                  .rung = sample.rung,
                  .partial = sample.partial,
                  .drop = sample.drop};
  if (sample.drop == DropReason::kUnspecified) {
    waiting.thread = threads_.Intern(sample.pid, sample.tid, sample.thread_name);
    if (waiting.thread != 0) waiting.stack = StackOf(sample, waiting.thread);
    if (waiting.thread == 0 || waiting.stack == StackTrie::kFull) {
      full_ = true;
      waiting.drop = DropReason::kWindowFull;
      waiting.stack = 0;
    }
  }
  if (waiting_.size() >= kMaxWaiting) Settle(waiting_.front().time_ns + 1);
  waiting_.push(waiting);
}

void ProfileWindow::AddCost(int64_t time_ns, const SelfCost& cost) {
  if (waiting_costs_.size() >= kMaxWaiting) Settle(waiting_costs_.front().time_ns + 1);
  waiting_costs_.push({time_ns, cost});
}

void ProfileWindow::Settle(int64_t horizon_ns) {
  while (!waiting_.empty() && waiting_.front().time_ns < horizon_ns) {
    SettleOne(waiting_.front());
    waiting_.pop();
  }
  while (!waiting_costs_.empty() && waiting_costs_.front().time_ns < horizon_ns) {
    const WaitingCost& waiting = waiting_costs_.front();
    SegmentAt(waiting.time_ns)->cost.Add(waiting.cost);
    waiting_costs_.pop();
  }
  settled_until_ns_ = std::max(settled_until_ns_, horizon_ns);
  timeline_.Forget(settled_until_ns_);
}

Segment* ProfileWindow::SegmentAt(int64_t time_ns) {
  const Stretch& stretch = timeline_.At(time_ns);
  // Almost always the last one; costs and drops may belong to one or two before it.
  for (size_t i = used_; i-- > 0;) {
    if (segments_[i].stretch_id == stretch.id) return &segments_[i];
    if (used_ - i > 8) break;
  }
  // Beyond the bound, phases get blurred rather than samples lost.
  if (used_ >= kMaxSegments) return &segments_[used_ - 1];
  if (used_ == segments_.size()) segments_.emplace_back();
  Segment& segment = segments_[used_++];
  segment.stretch_id = stretch.id;
  segment.phase = stretch.phase;
  segment.request_id = stretch.request_id;
  segment.start_ns = std::max(stretch.start_ns, std::min(segments_from_ns_, time_ns));
  return &segment;
}

void ProfileWindow::SettleOne(const Waiting& waiting) {
  Segment& segment = *SegmentAt(waiting.time_ns);
  if (waiting.drop != DropReason::kUnspecified) {
    segment.drops.Add(waiting.drop, 1);
    return;
  }
  if (ExtendRow(segment, waiting)) {
    ++segment.observations;
  } else if (row_count_ >= kMaxRows) {
    segment.drops.Add(DropReason::kWindowFull, 1);
  } else {
    AddRow(segment, waiting);
    ++segment.observations;
  }
}

bool ProfileWindow::ExtendRow(Segment& segment, const Waiting& waiting) {
  const ThreadMemory& memory = MemoryOf(waiting.thread);
  if (memory.cycle != cycle_ || memory.segment >= used_ || &segments_[memory.segment] != &segment)
    return false;
  SampleRows& rows = segment.rows;
  const uint32_t row = memory.row;
  const int64_t end_ns = rows.start_ns[row] + rows.wall_ns[row];
  const int64_t start_ns = waiting.time_ns - waiting.wall_ns;
  if (rows.stack[row] != waiting.stack || rows.state[row] != waiting.state ||
      rows.rung[row] != waiting.rung || (rows.partial[row] != 0) != waiting.partial ||
      start_ns - end_ns > kRunGapNs) {
    return false;
  }
  rows.wall_ns[row] += waiting.wall_ns;
  rows.cpu_ns[row] += waiting.cpu_ns;
  rows.run_queue_ns[row] += waiting.run_queue_ns;
  ++rows.observations[row];
  return true;
}

void ProfileWindow::AddRow(Segment& segment, const Waiting& waiting) {
  ThreadMemory& memory = MemoryOf(waiting.thread);
  SampleRows& rows = segment.rows;
  memory.row = static_cast<uint32_t>(rows.size());
  memory.segment = static_cast<uint32_t>(&segment - segments_.data());
  memory.cycle = cycle_;
  // A weight that reaches back beyond the boundary stays whole, but the row begins in its segment.
  rows.start_ns.push_back(std::max(waiting.time_ns - waiting.wall_ns, segment.start_ns));
  rows.wall_ns.push_back(waiting.wall_ns);
  rows.cpu_ns.push_back(waiting.cpu_ns);
  rows.run_queue_ns.push_back(waiting.run_queue_ns);
  rows.thread.push_back(waiting.thread);
  rows.stack.push_back(waiting.stack);
  rows.observations.push_back(1);
  rows.state.push_back(waiting.state);
  rows.rung.push_back(waiting.rung);
  rows.partial.push_back(waiting.partial ? 1 : 0);
  ++row_count_;
}

void ProfileWindow::Clear() {
  for (size_t i = 0; i < used_; ++i) Reset(segments_[i]);
  // A burst of many short invocations must not hold its columns for ever.
  if (segments_.size() > 64) segments_.resize(64);
  used_ = 0;
  row_count_ = 0;
  ++cycle_;
  segments_from_ns_ = settled_until_ns_;
}

void ProfileWindow::StartOver() {
  const uint32_t first_known_frame = stacks_.first_known_frame();
  const uint32_t first_known_thread = threads_.first_known();
  // Stacks and threads of what waits, by their frames, before the tables go.
  std::vector<Stack> kept(waiting_.size());
  std::vector<ThreadTable::Thread> kept_threads(waiting_.size());
  for (size_t i = 0; i < waiting_.size(); ++i) {
    stacks_.Materialise(waiting_.at(i).stack, &kept[i]);
    kept_threads[i] = threads_.threads()[waiting_.at(i).thread];
    const uint32_t stack = waiting_.at(i).stack;
    const bool foreign = waiting_.at(i).thread < first_known_thread ||
                         (stack != 0 && stacks_.nodes()[stack].frame < first_known_frame);
    if (foreign && waiting_.at(i).drop == DropReason::kUnspecified) {
      waiting_.at(i).drop = DropReason::kWindowFull;
    }
  }
  stacks_.Clear();
  threads_.Clear();
  memory_.clear();
  full_ = false;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    Waiting& waiting = waiting_.at(i);
    waiting.thread = waiting.stack = 0;
    if (waiting.drop != DropReason::kUnspecified) continue;
    waiting.thread =
        threads_.Intern(kept_threads[i].pid, kept_threads[i].tid, kept_threads[i].name);
    waiting.stack = stacks_.Intern(kept[i]);
    if (waiting.thread == 0 || waiting.stack == StackTrie::kFull) {
      waiting.drop = DropReason::kWindowFull;
      waiting.stack = 0;
    }
  }
}

void ProfileWindow::ForgetKeys() {
  stacks_.ForgetKeys();
  threads_.ForgetKeys();
  for (ThreadMemory& memory : memory_) memory.depth = 0;
}

}  // namespace lambent
