// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/metric_series.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "lambent/v1/profile.pb.h"

namespace lambent::collector {
namespace {

// Index of the reading nearest to `time`. REQUIRES: a reading.
size_t Nearest(const std::vector<int64_t>& times, int64_t time) {
  const auto after = std::lower_bound(times.begin(), times.end(), time);
  if (after == times.begin()) return 0;
  const auto at = static_cast<size_t>(after - times.begin());
  if (after == times.end()) return at - 1;
  return *after - time < time - times[at - 1] ? at : at - 1;
}

int64_t Growth(const MetricSeries& series, int64_t start_us, int64_t end_us) {
  if (series.times_us.empty()) return 0;
  const int64_t first = series.values[Nearest(series.times_us, start_us)];
  const int64_t last = series.values[Nearest(series.times_us, end_us)];
  // A counter that fell began anew: another process with the same id.
  return last >= first ? last - first : 0;
}

int64_t HighestBetween(const MetricSeries& series, int64_t start_us, int64_t end_us) {
  if (series.times_us.empty()) return 0;
  const size_t first = Nearest(series.times_us, start_us);
  const size_t last = Nearest(series.times_us, end_us);
  return *std::max_element(series.values.begin() + static_cast<std::ptrdiff_t>(first),
                           series.values.begin() + static_cast<std::ptrdiff_t>(last) + 1);
}

}  // namespace

void SeriesJoiner::Add(const MetricsRecord& record, int64_t since_us, int64_t until_us) {
  const std::vector<int64_t>& times = record.metrics.times_us;
  for (const StoredMetrics::Column& column : record.metrics.columns) {
    MetricSeries piece{record.role, record.pid, column.metric, {}, {}};
    for (size_t i = 0; i < times.size(); ++i) {
      if (times[i] < since_us || (until_us != 0 && times[i] > until_us)) continue;
      piece.times_us.push_back(times[i]);
      piece.values.push_back(column.values[i]);
    }
    if (!piece.times_us.empty()) pieces_.push_back(std::move(piece));
  }
}

std::vector<MetricSeries> SeriesJoiner::Join() {
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, std::vector<std::pair<int64_t, int64_t>>> all;
  for (const MetricSeries& piece : pieces_) {
    auto& points = all[{piece.role, piece.pid, piece.metric}];
    for (size_t i = 0; i < piece.times_us.size(); ++i) {
      points.emplace_back(piece.times_us[i], piece.values[i]);
    }
  }
  std::vector<MetricSeries> joined;
  for (auto& [key, points] : all) {
    std::stable_sort(points.begin(), points.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    MetricSeries& series = joined.emplace_back();
    std::tie(series.role, series.pid, series.metric) = key;
    for (const auto& [time, value] : points) {
      series.times_us.push_back(time);
      series.values.push_back(value);
    }
  }
  return joined;
}

InvocationUse UseBetween(const std::vector<MetricSeries>& series, int64_t start_us,
                         int64_t end_us) {
  InvocationUse use;
  if (start_us <= 0 || end_us < start_us) return use;
  for (const MetricSeries& one : series) {
    if (one.role != v1::PROCESS_ROLE_RUNTIME) continue;
    switch (one.metric) {
      case v1::METRIC_CPU_USER_US:
      case v1::METRIC_CPU_SYSTEM_US:
        use.cpu_us += Growth(one, start_us, end_us);
        break;
      case v1::METRIC_RUN_QUEUE_WAIT_US:
        use.run_queue_wait_us += Growth(one, start_us, end_us);
        break;
      case v1::METRIC_RSS_BYTES:
        use.rss_peak_bytes = std::max(use.rss_peak_bytes, HighestBetween(one, start_us, end_us));
        break;
      case v1::METRIC_RSS_PEAK_BYTES:
        if (Growth(one, start_us, end_us) > 0) {
          use.rss_peak_bytes = std::max(use.rss_peak_bytes, HighestBetween(one, start_us, end_us));
        }
        break;
      default:
        break;
    }
  }
  return use;
}

}  // namespace lambent::collector
