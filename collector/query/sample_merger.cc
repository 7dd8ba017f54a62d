// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/sample_merger.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "collector/query/frame_name.h"
#include "collector/query/frame_table.h"
#include "collector/query/tree_builder.h"

namespace lambent::collector {
namespace {

std::vector<int64_t> Unique(std::vector<int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// Nodes by stack id, made from the root down.
class StackPlacer {
 public:
  StackPlacer(const StackForest& forest, FrameTable& frames, TreeBuilder& tree)
      : forest_(forest), frames_(frames), tree_(tree), nodes_{{0, 0}} {}

  TreeBuilder::Node Place(int64_t stack) {
    path_.clear();
    int64_t id = stack;
    while (!nodes_.contains(id)) {
      const auto link = forest_.stacks.find(id);
      if (link == forest_.stacks.end()) return 0;  // the store promised closure; then: at the root
      path_.push_back({id, link->second.frame});
      id = link->second.parent;
    }
    TreeBuilder::Node node = nodes_[id];
    for (auto step = path_.rbegin(); step != path_.rend(); ++step) {
      for (const uint32_t frame : frames_.Indices(step->second)) node = tree_.Child(node, frame);
      nodes_[step->first] = node;
    }
    return node;
  }

 private:
  const StackForest& forest_;
  FrameTable& frames_;
  TreeBuilder& tree_;
  absl::flat_hash_map<int64_t, TreeBuilder::Node> nodes_;
  std::vector<std::pair<int64_t, int64_t>> path_;
};

// A sample without a stack stays visible: its weight hangs under a frame that says so.
constexpr int64_t kNoStackFrame = -1;

// Whether the stack ends in what its thread waited for. While it queued for a CPU it was not there.
bool WaitsAtLeaf(const StackForest& forest, int64_t stack) {
  const auto leaf = forest.stacks.find(stack);
  if (leaf == forest.stacks.end()) return false;
  const auto frame = forest.frames.find(leaf->second.frame);
  return frame != forest.frames.end() && IsWaiting(frame->second.kind);
}

}  // namespace

void SampleMerger::Add(const SegmentRecord& segment) {
  const SampleFilter& filter = selection_.filter;
  const StoredSamples& samples = segment.samples;
  for (size_t i = 0; i < samples.rows(); ++i) {
    const int64_t start = samples.start_us[i];
    if (start < filter.since_us || (filter.until_us != 0 && start > filter.until_us)) continue;
    if (selection_.with_lock && !HoldsLock(samples.state(i))) continue;
    Sum& sum = sums_[{samples.stack[i], samples.thread[i], segment.phase, samples.rung(i),
                      samples.partial(i)}];
    sum.wall_us += samples.wall_us[i];
    sum.cpu_us += samples.cpu_us[i];
    sum.samples += samples.observations[i];
    if (samples.run_queue_us.empty() || samples.run_queue_us[i] == 0) continue;
    const uint32_t waited = std::min(samples.run_queue_us[i], samples.wall_us[i]);
    sum.run_queue_us += waited;
    // A sample is one, and counts where most of its time went.
    if (waited > samples.wall_us[i] / 2) sum.run_queue_samples += samples.observations[i];
  }
  drops_.Add(segment.drops);
  cost_.Add(segment.cost);
}

std::vector<int64_t> SampleMerger::Stacks() const {
  std::vector<int64_t> ids;
  for (const auto& [key, sum] : sums_) ids.push_back(std::get<0>(key));
  return Unique(std::move(ids));
}

std::vector<int64_t> SampleMerger::Threads() const {
  std::vector<int64_t> ids;
  for (const auto& [key, sum] : sums_) ids.push_back(std::get<1>(key));
  return Unique(std::move(ids));
}

Profile SampleMerger::Build(const StackForest& forest,
                            const absl::flat_hash_map<int64_t, std::string>& thread_names,
                            const SourceView& view) const {
  Profile profile;
  profile.title = Describe(selection_);
  profile.frames.push_back({.kind = FrameKind::kUnknown, .name = "all"});
  FrameTable frames(forest, view, profile.frames);
  TreeBuilder tree;
  StackPlacer placer(forest, frames, tree);
  absl::flat_hash_map<std::string, uint32_t> threads;
  absl::flat_hash_map<std::tuple<TreeBuilder::Node, uint32_t, Phase, Rung, bool>, Sum> merged;
  // Hash maps have no order; equal selections shall give equal bytes.
  std::vector<std::pair<Key, Sum>> sums(sums_.begin(), sums_.end());
  std::sort(sums.begin(), sums.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [key, sum] : sums) {
    const auto& [stack, thread, phase, rung, partial] = key;
    const auto raw_name = thread_names.find(thread);
    const std::string raw = raw_name == thread_names.end() ? "" : raw_name->second;
    if (!selection_.thread_name.empty() && raw != selection_.thread_name) continue;
    const std::string name = raw.empty() ? "[unnamed]" : SafeText(raw);
    const auto [entry, added] =
        threads.try_emplace(name, static_cast<uint32_t>(profile.threads.size()));
    if (added) profile.threads.push_back(name);
    const TreeBuilder::Node leaf =
        stack == 0 ? tree.Child(0, frames.Indices(kNoStackFrame)[0]) : placer.Place(stack);
    Sum& into = merged[{leaf, entry->second, phase, rung, partial}];
    into.wall_us += sum.wall_us;
    into.cpu_us += sum.cpu_us;
    into.samples += sum.samples;
    if (sum.run_queue_us == 0) continue;
    const TreeBuilder::Node ready =
        WaitsAtLeaf(forest, stack) ? placer.Place(forest.stacks.at(stack).parent) : leaf;
    Sum& waiting =
        merged[{tree.Child(ready, frames.RunQueue()), entry->second, phase, rung, partial}];
    waiting.wall_us += sum.run_queue_us;
    waiting.samples += sum.run_queue_samples;
    Sum& rest = merged[{leaf, entry->second, phase, rung, partial}];
    rest.wall_us -= sum.run_queue_us;
    rest.samples -= sum.run_queue_samples;
  }
  TreeBuilder::Layout layout = tree.Lay(profile.frames);
  for (const auto& [key, sum] : merged) {
    const auto& [leaf, thread, phase, rung, partial] = key;
    if (sum.wall_us == 0 && sum.cpu_us == 0 && sum.samples == 0) continue;
    profile.rows.push_back({layout.place[leaf], thread, static_cast<uint32_t>(phase), sum.wall_us,
                            sum.cpu_us, sum.samples, rung, partial});
  }
  std::sort(profile.rows.begin(), profile.rows.end(), [&](const auto& a, const auto& b) {
    return std::tie(a.leaf, profile.threads[a.thread], a.phase, a.rung, a.partial) <
           std::tie(b.leaf, profile.threads[b.thread], b.phase, b.rung, b.partial);
  });
  std::vector<uint32_t> order(profile.threads.size());
  std::vector<std::string> sorted = profile.threads;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<uint32_t>(
        std::lower_bound(sorted.begin(), sorted.end(), profile.threads[i]) - sorted.begin());
  }
  for (Profile::Row& row : profile.rows) row.thread = order[row.thread];
  profile.threads = std::move(sorted);
  profile.node_frame = std::move(layout.node_frame);
  profile.node_parent = std::move(layout.node_parent);
  profile.subtree_end = std::move(layout.subtree_end);
  for (int reason = 0; reason < kDropReasonCount; ++reason) {
    const auto which = static_cast<DropReason>(reason);
    if (drops_.of(which) == 0) continue;
    profile.drops.emplace_back(std::string(DropReasonName(which)), drops_.of(which));
  }
  profile.self_cpu_us = cost_.self_cpu_us;
  profile.stopped_us = cost_.stopped_us;
  profile.target_cpu_us = cost_.target_cpu_us;
  profile.rate = RateOf(cost_);
  return profile;
}

}  // namespace lambent::collector
