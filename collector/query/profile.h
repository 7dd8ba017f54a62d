// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "collector/query/sampling_rate.h"
#include "profiler/base/frame_kind.h"
#include "profiler/base/rung.h"

namespace lambent::collector {

// A merged profile: what a selection of samples comes to, ready to be drawn. A value.
//
// Nodes are a tree in pre-order, as columns: node 0 is the root ("all"), a node's subtree is the
// run [i, subtree_end[i]), siblings are ordered by name. This shape because every renderer walks it
// once, front to back, and the HTML viewer keeps it as it is.
struct Profile {
  struct Frame {
    FrameKind kind = FrameKind::kUnknown;
    std::string name;    // for people, demangled; valid UTF-8; never empty
    std::string file;    // source file; may be empty
    uint32_t line = 0;   // first line of the function; 0: unknown
    std::string module;  // path of the module; may be empty
    uint64_t address = 0;
    uint32_t current_line = 0;  // it executes; frames are parted by it; 0: not recorded
    bool inlined = false;       // into its caller: no call, and no address of its own

    // The line to lead people to.
    uint32_t shown_line() const { return current_line != 0 ? current_line : line; }
  };

  // One sample's worth of one thread, phase, rung and mark: the stacks behind the tree, for
  // filters and pprof.
  struct Row {
    uint32_t leaf = 0;    // node
    uint32_t thread = 0;  // index into threads
    uint32_t phase = 0;   // Phase as a number
    int64_t wall_us = 0;
    int64_t cpu_us = 0;
    uint64_t samples = 0;
    Rung rung = Rung::kMetricsOnly;  // that took the samples; kMetricsOnly: not known
    bool partial = false;            // native frames are missing (lambent.v1.SampleColumns)
  };

  // Rows that one rung took.
  struct RungSum {
    uint64_t samples = 0;
    int64_t wall_us = 0;
  };

  std::string title;                                    // what was selected, for people
  std::vector<Frame> frames;                            // frame 0 is the root's
  std::vector<std::string> threads;                     // names, by index
  std::vector<uint32_t> node_frame;                     // index into frames
  std::vector<uint32_t> node_parent;                    // node_parent[0] == 0
  std::vector<uint32_t> subtree_end;                    // one past the last node of the subtree
  std::vector<Row> rows;                                // merged: no two alike but for weights
  std::vector<std::pair<std::string, uint64_t>> drops;  // samples dropped, by reason name
  uint64_t self_cpu_us = 0;                             // what profiling cost: the extension's CPU
  uint64_t stopped_us = 0;     //   and time the target's threads were stopped
  uint64_t target_cpu_us = 0;  // CPU of the profiled process in the same time
  SamplingRate rate;
};

// What a node's width means.
enum class Weight { kWall, kCpu, kSamples };

// Weight of one row.
int64_t RowWeight(const Profile::Row& row, Weight weight);

// What each rung took, by its number.
std::array<Profile::RungSum, kRungCount> SumsByRung(const Profile& profile);

// Samples whose native frames are missing.
uint64_t PartialSamples(const Profile& profile);

// Inclusive weight of every node, in node order.
std::vector<int64_t> NodeTotals(const Profile& profile, Weight weight);

}  // namespace lambent::collector
