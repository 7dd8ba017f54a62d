// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "collector/query/profile.h"
#include "collector/query/selection.h"
#include "collector/query/source_view.h"
#include "collector/store/records.h"
#include "profiler/base/drop_reason.h"

namespace lambent::collector {

// Sums up the samples of a selection by stack, thread, phase, rung and mark, then makes the profile
// of them. Thread-compatible.
class SampleMerger {
 public:
  explicit SampleMerger(const Selection& selection) : selection_(selection) {}

  // Adds a segment's samples that lie in the selection's times and are in its states, and its drops
  // and cost, which have no time of their own.
  void Add(const SegmentRecord& segment);

  // What the store must be asked for before Build.
  std::vector<int64_t> Stacks() const;
  std::vector<int64_t> Threads() const;
  bool empty() const { return sums_.empty() && drops_.total() == 0; }

  // Samples of threads whose name is not the selection's are left out here. The time that a thread
  // waited for a CPU hangs below its stack under a frame of kind kRunQueue; sums stay what they
  // are.
  Profile Build(const StackForest& forest,
                const absl::flat_hash_map<int64_t, std::string>& thread_names,
                const SourceView& view) const;

 private:
  struct Sum {
    int64_t wall_us = 0;
    int64_t cpu_us = 0;
    uint64_t samples = 0;
    int64_t run_queue_us = 0;        // of wall_us
    uint64_t run_queue_samples = 0;  // of samples
  };

  // Stack, thread, phase, rung, partial.
  using Key = std::tuple<int64_t, int64_t, Phase, Rung, bool>;

  const Selection selection_;
  absl::flat_hash_map<Key, Sum> sums_;
  DropCounts drops_;
  Cost cost_;
};

}  // namespace lambent::collector
