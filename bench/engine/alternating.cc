// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claims: of a script that alternates two short call chains as fast as it can, at most 0.01 % of
// stacks are impossible and 0.1 % lost, and stacks have the shares that a profiler finds which
// stops the thread for each sample (total-variation distance 0.03).
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_format.h"

#include "bench/engine/rows.h"
#include "bench/engine/subject.h"
#include "profiler/stacks/ladder.h"

namespace lambent::bench {
namespace {

constexpr int64_t kLimitNs = 60'000'000'000;

// Leaf to root, all that the script can be in.
const std::set<std::string>& PossibleStacks() {
  static const std::set<std::string> stacks = {
      "alternate;<module>;", "hot_a;alternate;<module>;", "hot_b;alternate;<module>;",
      "leaf_a;hot_a;alternate;<module>;", "leaf_b;hot_b;alternate;<module>;"};
  return stacks;
}

// What one way to look has seen.
struct Sight {
  std::unique_ptr<Ladder> ladder;
  std::map<std::string, uint64_t> stacks;
  std::map<Rung, uint64_t> rungs;
  uint64_t taken = 0;
  uint64_t impossible = 0;
  uint64_t lost = 0;

  void Look() {
    ladder->Observe([this](const ThreadSample& sample) {
      if (sample.stack == nullptr) {
        ++lost;
        return;
      }
      std::string names;
      for (const Frame& frame : *sample.stack) {
        names.append(ladder->Describe(frame).name).append(";");
      }
      ++taken;
      ++rungs[sample.rung];
      impossible += PossibleStacks().contains(names) ? 0 : 1;
      ++stacks[names];
    });
  }
  double ShareOf(const std::string& stack) const {
    const auto found = stacks.find(stack);
    return found == stacks.end() ? 0
                                 : static_cast<double>(found->second) / static_cast<double>(taken);
  }
};

double TotalVariationDistance(const Sight& a, const Sight& b) {
  double sum = 0;
  for (const auto& [stack, count] : a.stacks) sum += std::abs(a.ShareOf(stack) - b.ShareOf(stack));
  for (const auto& [stack, count] : b.stacks)
    sum += a.stacks.contains(stack) ? 0 : b.ShareOf(stack);
  return sum / 2;
}

double Percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string RungsOf(const Sight& sight) {
  std::string text;
  for (const auto& [rung, count] : sight.rungs) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", count, " ", std::string(RungName(rung)));
  }
  return text;
}

}  // namespace

absl::Status MeasureAlternating(bool quick, std::vector<Row>* rows) {
  auto program = StartSubject({"/usr/bin/python3", LAMBENT_BENCH_ENGINE "/alternating.py"});
  if (!program.ok()) return program.status();
  // Two that stop the thread each time: how far these are apart is chance.
  Sight ours, stops, more_stops;
  for (Sight* sight : {&ours, &stops, &more_stops}) {
    LadderOptions options;
    options.native = NativeFrames::kNever;
    if (sight != &ours) options.only = Rung::kStop;
    auto ladder = Ladder::Attach(program->pid(), os::RealClock(), options);
    if (!ladder.ok()) return ladder.status();
    sight->ladder = *std::move(ladder);
  }
  // By turns, so that whatever else changes changes for all.
  Naps naps(100'000, 500'000);
  const int rounds = quick ? 1 : 100;
  const int turn = quick ? 20 : 200;
  const os::Clock& clock = os::RealClock();
  const int64_t limit_ns = clock.MonotonicNs() + kLimitNs;  // on a machine that is busy
  for (int round = 0; round < rounds && clock.MonotonicNs() < limit_ns; ++round) {
    for (Sight* sight : {&ours, &stops, &ours, &more_stops}) {
      for (int i = 0; i < turn / (sight == &ours ? 1 : 2); ++i) {
        naps.Take();
        sight->Look();
      }
    }
  }
  if (ours.taken == 0) return absl::InternalError("no stack was taken");
  rows->push_back(RowOfEnough(
      {"alternating.impossible_percent", Percent(ours.impossible, ours.taken),
       absl::StrFormat("%d of %d stacks (%s)", ours.impossible, ours.taken, RungsOf(ours))},
      ours.taken, quick));
  const uint64_t observations = ours.lost + ours.taken;
  rows->push_back(RowOfEnough({"alternating.lost_percent", Percent(ours.lost, observations),
                               absl::StrFormat("%d of %d observations", ours.lost, observations)},
                              observations, quick));
  if (stops.rungs[Rung::kStop] == 0) return absl::PermissionDeniedError("stop a thread: refused");
  const double chance = TotalVariationDistance(stops, more_stops);
  Sight all_stops;
  for (const Sight* sight : {&stops, &more_stops}) {
    for (const auto& [stack, count] : sight->stacks) all_stops.stacks[stack] += count;
    all_stops.taken += sight->taken;
  }
  rows->push_back(RowOfEnough(
      {"alternating.share_distance", TotalVariationDistance(ours, all_stops),
       absl::StrFormat("to %d stacks taken by turns with a stop for each; these in two halves are "
                       "%.4f apart",
                       all_stops.taken, chance)},
      std::min(ours.taken, all_stops.taken), quick));
  return absl::OkStatus();
}

}  // namespace lambent::bench
