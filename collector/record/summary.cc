// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/record/summary.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

#include "collector/query/sampling_rate.h"

namespace lambent::record {
namespace {

double PercentOf(uint64_t part_us, uint64_t whole_us) {
  return whole_us == 0 ? 0 : 100.0 * static_cast<double>(part_us) / static_cast<double>(whole_us);
}

// Rungs that took samples, the busiest first.
std::vector<std::pair<uint64_t, std::string>> RungsUsed(const SampleTotals& totals) {
  std::vector<std::pair<uint64_t, std::string>> used;
  for (size_t rung = 0; rung < totals.by_rung.size(); ++rung) {
    if (totals.by_rung[rung] == 0) continue;
    used.emplace_back(totals.by_rung[rung], std::string(RungName(static_cast<Rung>(rung))));
  }
  std::sort(used.rbegin(), used.rend());
  return used;
}

std::vector<std::pair<uint64_t, std::string>> DropsByReason(const DropCounts& drops) {
  std::vector<std::pair<uint64_t, std::string>> counted;
  for (int reason = 0; reason < kDropReasonCount; ++reason) {
    const uint64_t count = drops.of(static_cast<DropReason>(reason));
    if (count == 0) continue;
    counted.emplace_back(count, std::string(DropReasonName(static_cast<DropReason>(reason))));
  }
  std::sort(counted.rbegin(), counted.rend());
  return counted;
}

std::string Listed(const std::vector<std::pair<uint64_t, std::string>>& counts) {
  return absl::StrJoin(counts, ", ", [](std::string* out, const auto& one) {
    absl::StrAppend(out, one.first, " ", one.second);
  });
}

std::string EndText(const os::CommandEnd& end) {
  return absl::StrCat("the command ended ", end.by_signal ? "by signal " : "with status ",
                      end.code);
}

}  // namespace

std::string WhyRefused(const Recorded& recorded) {
  if (recorded.totals.drops.of(DropReason::kRefused) == 0) return "";
  const auto works = [&](Rung rung) {
    return std::any_of(recorded.rungs.begin(), recorded.rungs.end(), [&](const RungProbe& probe) {
      return probe.rung == rung && probe.available;
    });
  };
  // A refusal now and then (another tracer, a process that was just ending) is no lack of a rung.
  if (works(Rung::kBlocked) && (works(Rung::kStop) || works(Rung::kPerf))) return "";
  std::string text;
  for (const RungProbe& probe : recorded.rungs) {
    const bool matters =
        probe.rung == Rung::kBlocked || probe.rung == Rung::kStop || probe.rung == Rung::kPerf;
    if (!matters || probe.available) continue;
    absl::StrAppend(&text, text.empty() ? "" : "; ", std::string(RungName(probe.rung)), ": ",
                    probe.reason);
  }
  return text;
}

std::string WhyEmpty(const Recorded& recorded) {
  if (recorded.totals.samples > 0) {
    return absl::StrCat("none of the ", recorded.totals.samples, " samples of ", recorded.target,
                        " held a Python's global lock");
  }
  const std::string refused = WhyRefused(recorded);
  if (!refused.empty()) {
    return absl::StrCat("no stack of ", recorded.target, " could be taken (", refused,
                        "); lambent doctor says more");
  }
  if (recorded.totals.drops.total() > 0) {
    return absl::StrCat("no stack of ", recorded.target,
                        " could be taken: ", Listed(DropsByReason(recorded.totals.drops)));
  }
  return absl::StrFormat("%s ended after %.0f ms, before a sample was due; a higher --rate helps",
                         recorded.target, absl::ToDoubleMilliseconds(recorded.length));
}

std::string SummaryText(const Recorded& recorded) {
  const SampleTotals& totals = recorded.totals;
  const double seconds = absl::ToDoubleSeconds(recorded.length);
  std::string text = absl::StrFormat("recorded %s for %.1f s: %d samples (", recorded.target,
                                     seconds, totals.samples);
  absl::StrAppend(&text, Listed(RungsUsed(totals)), "), ");
  if (totals.partial > 0) absl::StrAppend(&text, totals.partial, " without native frames, ");
  absl::StrAppend(&text, totals.drops.total(), " dropped");
  if (totals.drops.total() > 0)
    absl::StrAppend(&text, " (", Listed(DropsByReason(totals.drops)), ")");
  const collector::SamplingRate rate = collector::RateOf(totals.cost);
  const std::string why = collector::WhyLower(rate);
  absl::StrAppendFormat(
      &text,
      "\n%.1f ticks a second%s; sampling took %.2f %% of one CPU, threads stood still %.2f %%",
      seconds > 0 ? static_cast<double>(recorded.ticks) / seconds : 0.0,
      why.empty() ? "" : absl::StrFormat(" where %.0f were asked for (%s)", rate.asked_hz, why),
      PercentOf(totals.cost.self_cpu_us, totals.cost.wall_us),
      PercentOf(totals.cost.stopped_us, totals.cost.wall_us));
  const std::string refused = WhyRefused(recorded);
  if (!refused.empty()) absl::StrAppend(&text, "\nrefused: ", refused);
  for (const std::string& loss : totals.losses) absl::StrAppend(&text, "\nlost: ", loss);
  if (recorded.command_end.has_value() &&
      (recorded.command_end->by_signal || recorded.command_end->code != 0)) {
    absl::StrAppend(&text, "\n", EndText(*recorded.command_end));
  }
  return text;
}

std::string SummaryJson(const Recorded& recorded, const std::string& file) {
  const SampleTotals& totals = recorded.totals;
  nlohmann::ordered_json rungs = nlohmann::ordered_json::object();
  for (const auto& [count, name] : RungsUsed(totals)) rungs[name] = count;
  nlohmann::ordered_json drops = nlohmann::ordered_json::object();
  for (const auto& [count, name] : DropsByReason(totals.drops)) drops[name] = count;
  nlohmann::ordered_json probes = nlohmann::ordered_json::array();
  for (const RungProbe& probe : recorded.rungs) {
    probes.push_back({{"rung", std::string(RungName(probe.rung))},
                      {"available", probe.available},
                      {"reason", probe.reason}});
  }
  const collector::SamplingRate rate = collector::RateOf(totals.cost);
  nlohmann::ordered_json all = {
      {"target", recorded.target},
      {"seconds", absl::ToDoubleSeconds(recorded.length)},
      {"ticks", recorded.ticks},
      {"asked_hz", rate.asked_hz},
      {"allowed_hz", rate.allowed_hz},
      {"achieved_hz", rate.achieved_hz},
      {"why_lower", collector::WhyLower(rate)},
      {"samples", totals.samples},
      {"samples_by_rung", rungs},
      {"partial_samples", totals.partial},
      {"dropped", totals.drops.total()},
      {"dropped_by_reason", drops},
      {"losses", totals.losses},
      {"self_cpu_us", totals.cost.self_cpu_us},
      {"stopped_us", totals.cost.stopped_us},
      {"target_cpu_us", totals.cost.target_cpu_us},
      {"rungs", probes},
      {"file", file},
  };
  if (recorded.command_end.has_value()) {
    all[recorded.command_end->by_signal ? "command_signal" : "command_status"] =
        recorded.command_end->code;
  }
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lambent::record
