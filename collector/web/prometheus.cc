// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/web/prometheus.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "collector/receive/protobuf_log.h"
#include "profiler/base/version.h"

namespace lambent::collector {
namespace {

template <typename T>
void Add(std::string& text, const char* name, const char* type, const char* help, T value) {
  absl::StrAppend(&text, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n", name, " ",
                  value, "\n");
}

void AddCommits(std::string& text, const IngestCounters& counters) {
  constexpr char kName[] = "lambent_commit_seconds";
  absl::StrAppend(&text, "# HELP ", kName, " Time until a batch was durable.\n# TYPE ", kName,
                  " histogram\n");
  uint64_t below = 0;
  for (size_t i = 0; i < counters.commits.size(); ++i) {
    below += counters.commits[i].load();
    const std::string bound = i < IngestCounters::kCommitBoundsMs.size()
                                  ? absl::StrFormat("%g", IngestCounters::kCommitBoundsMs[i] / 1e3)
                                  : "+Inf";
    absl::StrAppend(&text, kName, "_bucket{le=\"", bound, "\"} ", below, "\n");
  }
  absl::StrAppendFormat(&text, "%s_sum %.6f\n%s_count %d\n", kName,
                        static_cast<double>(counters.commit_us.load()) / 1e6, kName, below);
}

}  // namespace

std::string PrometheusText(const IngestCounters& counters, const StoreTotals& totals) {
  std::string text;
  absl::StrAppend(&text, "# HELP lambent_build_info Version of the collector.\n",
                  "# TYPE lambent_build_info gauge\nlambent_build_info{version=\"",
                  std::string(kVersion), "\"} 1\n");
  Add(text, "lambent_batches_accepted_total", "counter", "Batches made durable.",
      counters.batches_accepted.load());
  Add(text, "lambent_batches_duplicate_total", "counter", "Batches that had been handled before.",
      counters.batches_duplicate.load());
  Add(text, "lambent_batches_rejected_total", "counter", "Batches refused as malformed.",
      counters.batches_rejected.load());
  Add(text, "lambent_malformed_messages_total", "counter",
      "Texts that were not UTF-8, or other complaints of protobuf's about what it read.",
      ProtobufLines());
  Add(text, "lambent_batches_failed_total", "counter",
      "Batches that could not be stored and were not acknowledged.",
      counters.batches_failed.load());
  Add(text, "lambent_samples_total", "counter", "Samples received.", counters.samples.load());
  Add(text, "lambent_samples_dropped_total", "counter", "Samples that senders reported as dropped.",
      counters.samples_dropped.load());
  Add(text, "lambent_samples_rejected_total", "counter", "Samples claimed by refused batches.",
      counters.samples_rejected.load());
  Add(text, "lambent_content_bytes_total", "counter", "Compressed content of accepted batches.",
      counters.content_bytes.load());
  Add(text, "lambent_symbol_tables_stored_total", "counter", "Symbol tables received and kept.",
      counters.symbol_tables_stored.load());
  Add(text, "lambent_symbol_tables_refused_total", "counter",
      "Symbol tables asked for that were not to be had, or malformed.",
      counters.symbol_tables_refused.load());
  Add(text, "lambent_environments_connected", "gauge", "Open streams that said Hello.",
      counters.environments_connected.load());
  Add(text, "lambent_environments", "gauge", "Environments in the store.", totals.environments);
  Add(text, "lambent_database_bytes", "gauge", "Size of the database and its log.", totals.bytes);
  AddCommits(text, counters);
  return text;
}

}  // namespace lambent::collector
