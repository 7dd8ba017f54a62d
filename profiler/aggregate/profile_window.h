// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "profiler/aggregate/fifo.h"
#include "profiler/aggregate/phase_timeline.h"
#include "profiler/aggregate/segment.h"
#include "profiler/aggregate/stack_trie.h"
#include "profiler/aggregate/thread_table.h"
#include "profiler/stacks/thread_sample.h"

namespace lambent {

// Samples since the last batch. New ones wait, unmerged, until their phase is settled; then they
// become rows of segments. Every observation given in comes out as an observation of a row or as a
// drop. In steady state (known stacks and threads) an observation allocates nothing: cleared rows
// keep their memory. Thread-compatible.
class ProfileWindow {
 public:
  // 48 bytes each; 150 ms at 99 Hz of 1,000 threads fit. Beyond it, the oldest are settled early.
  static constexpr size_t kMaxWaiting = 16'384;
  // 47 bytes each. Beyond it samples are dropped as window-full.
  static constexpr size_t kMaxRows = 65'536;
  static constexpr size_t kMaxSegments = 4'096;

  explicit ProfileWindow(PhaseTimeline& timeline) : timeline_(timeline) {}
  ProfileWindow(const ProfileWindow&) = delete;
  ProfileWindow& operator=(const ProfileWindow&) = delete;

  // Takes one observation: a sample or a drop. `wall_ns` is its weight (the sampler's own figure,
  // less the freezes in it).
  void Observe(const ThreadSample& sample, int64_t wall_ns);
  // Takes what one tick cost.
  void AddCost(int64_t time_ns, const SelfCost& cost);

  // Gives everything before `horizon_ns` its phase.
  void Settle(int64_t horizon_ns);

  // Settled segments, in order of their first sample; Clear empties them once they are encoded.
  absl::Span<const Segment> segments() const { return {segments_.data(), used_}; }
  bool empty() const { return used_ == 0; }
  size_t row_count() const { return row_count_; }
  void Clear();

  // True once stacks or threads found no room: time for StartOver.
  bool full() const { return full_; }
  // Empties the tables behind stacks and threads. What waits is carried over.
  // REQUIRES: empty().
  void StartOver();
  // Another process is sampled from now on: ids of frames and threads mean other things.
  void ForgetKeys();

  const StackTrie& stacks() const { return stacks_; }
  const ThreadTable& threads() const { return threads_; }

 private:
  struct Waiting {
    int64_t time_ns;
    int64_t wall_ns;
    int64_t cpu_ns;
    int64_t run_queue_ns;
    uint32_t thread;
    uint32_t stack;
    ThreadState state;
    Rung rung;
    bool partial;
    DropReason drop;
  };
  struct WaitingCost {
    int64_t time_ns;
    SelfCost cost;
  };
  // Per thread: its last stack and its last row.
  struct ThreadMemory {
    uint32_t stack = 0;
    uint32_t depth = 0;  // of that stack; 0: none known
    uint32_t row = 0;
    uint32_t segment = 0;  // of that row
    uint64_t cycle = 0;    // of that segment
  };

  uint32_t StackOf(const ThreadSample& sample, uint32_t thread);
  ThreadMemory& MemoryOf(uint32_t thread);
  Segment* SegmentAt(int64_t time_ns);
  void SettleOne(const Waiting& waiting);
  bool ExtendRow(Segment& segment, const Waiting& waiting);
  void AddRow(Segment& segment, const Waiting& waiting);

  PhaseTimeline& timeline_;
  StackTrie stacks_;
  ThreadTable threads_;
  std::vector<ThreadMemory> memory_;  // by thread
  Fifo<Waiting> waiting_;
  Fifo<WaitingCost> waiting_costs_;
  std::vector<Segment> segments_;  // the first used_ are in use, the others keep their memory
  size_t used_ = 0;
  size_t row_count_ = 0;
  uint64_t cycle_ = 1;  // counts Clear, so that a row that left is never extended
  int64_t settled_until_ns_ = 0;
  int64_t segments_from_ns_ = 0;  // where the segments since the last Clear begin at the earliest
  bool full_ = false;
};

}  // namespace lambent
