// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "collector/cli/collector_client.h"
#include "collector/cli/command_list.h"
#include "collector/cli/message_json.h"
#include "collector/cli/selection.h"
#include "collector/cli/table.h"
#include "collector/cli/words.h"

namespace lambent::cli {
namespace {

// "run queue wait" of METRIC_RUN_QUEUE_WAIT_US; the unit is in the value.
std::string NameOf(v1::Metric metric) {
  std::string name = absl::AsciiStrToLower(v1::Metric_Name(metric));
  if (name.empty()) return absl::StrCat("metric ", static_cast<int>(metric));
  name = name.substr(sizeof("metric_") - 1);
  for (const char* unit : {"_us", "_bytes"}) {
    if (absl::EndsWith(name, unit)) name.resize(name.size() - std::string(unit).size());
  }
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string ValueText(v1::Metric metric, int64_t value) {
  const std::string name = v1::Metric_Name(metric);
  if (absl::EndsWith(name, "_US")) return MillisecondsText(value);
  if (absl::EndsWith(name, "_BYTES")) return value == 0 ? "0 B" : BytesText(value);
  return (value < 0 ? "-" : "") + CountText(static_cast<uint64_t>(value < 0 ? -value : value));
}

// Counters rise; what they rose by between two readings is what one looks at (profile.proto).
bool IsCounter(v1::Metric metric) {
  switch (metric) {
    case v1::METRIC_RSS_BYTES:
    case v1::METRIC_RSS_PEAK_BYTES:
    case v1::METRIC_THREADS:
    case v1::METRIC_OPEN_FILES:
    case v1::METRIC_TMP_USED_BYTES:
    case v1::METRIC_TMP_LIMIT_BYTES:
    case v1::METRIC_OPEN_FILES_LIMIT:
    case v1::METRIC_MEMORY_LIMIT_BYTES:
      return false;
    default:
      return true;
  }
}

std::string RoleText(const v1::MetricSeries& series) {
  switch (series.role()) {
    case v1::PROCESS_ROLE_RUNTIME:
      return absl::StrCat("runtime ", series.pid());
    case v1::PROCESS_ROLE_EXTENSION:
      return "lambent";
    case v1::PROCESS_ROLE_ENVIRONMENT:
      return "environment";
    default:
      return "-";
  }
}

// What is drawn: a gauge's levels; of a counter how much it rose between readings.
std::string Draw(const v1::MetricSeries& series) {
  std::vector<int64_t> drawn;
  drawn.reserve(static_cast<size_t>(series.values_size()));
  for (int i = 0; i < series.values_size(); ++i) {
    if (!IsCounter(series.metric())) {
      drawn.push_back(series.values(i));
    } else if (i != 0) {
      drawn.push_back(std::max<int64_t>(0, series.values(i) - series.values(i - 1)));
    }
  }
  return Sparkline(drawn.data(), drawn.size(), 32);
}

void AddSeries(const v1::MetricSeries& series, Table* table) {
  if (series.values().empty()) return;
  const int64_t first = series.values(0);
  const int64_t last = series.values(series.values_size() - 1);
  const auto [low, high] = std::minmax_element(series.values().begin(), series.values().end());
  const std::string total =
      IsCounter(series.metric()) ? "+" + ValueText(series.metric(), last - first) : "";
  table->Add({{RoleText(series), Tone::kDim},
              {NameOf(series.metric())},
              {ValueText(series.metric(), first)},
              {ValueText(series.metric(), last)},
              {ValueText(series.metric(), *low)},
              {ValueText(series.metric(), *high), Tone::kStrong},
              {total},
              {CountText(static_cast<uint64_t>(series.values_size())), Tone::kDim},
              {Draw(series)}});
}

int Run(const Call& call) {
  absl::StatusOr<v1::Selection> selection = SelectionOf(call.arguments, call.around.now);
  if (!selection.ok()) return Fail(call, selection.status());
  v1::GetMetricsRequest ask;
  *ask.mutable_selection() = *selection;
  CollectorClient client(call.collector);
  absl::StatusOr<v1::GetMetricsResponse> answer = client.GetMetrics(ask);
  if (!answer.ok()) return Fail(call, answer.status());
  if (call.json) {
    call.around.out << MessageJson(*answer);
    return answer->series().empty() ? kNothingMatched : kOk;
  }
  if (answer->series().empty()) {
    return Fail(call, absl::NotFoundError("read metrics: none match; lambent invocations shows "
                                          "what there is"));
  }
  Table table({{"PROCESS"},
               {"METRIC"},
               {"FIRST", true},
               {"LAST", true},
               {"LOWEST", true},
               {"PEAK", true},
               {"CHANGE", true},
               {"READINGS", true},
               {"OVER TIME"}});
  for (const v1::MetricSeries& series : answer->series()) AddSeries(series, &table);
  call.around.out << table.Print(call.colour);
  return kOk;
}

}  // namespace

Command MetricsCommand() {
  Command command;
  command.name = "metrics";
  command.summary = "CPU, memory, faults, switches, I/O, files, network over time";
  command.description =
      "One line a metric and process. OVER TIME shows a gauge's level, and of a counter what it "
      "rose\nbetween two readings. Metrics are of whole processes: of the time of the invocations "
      "that\nmatch, or, with --environment alone, of all of its life.";
  command.flags = InvocationFlags();
  command.examples = {"lambent metrics --request-id 8476a536-e9f4-11e8",
                      "lambent metrics --function orders --since 1h --json"};
  command.run = Run;
  return command;
}

}  // namespace lambent::cli
