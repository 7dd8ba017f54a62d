// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/receive/ingest_counters.h"
#include "collector/store/records.h"

namespace lambent::collector {

// The page at "/metrics": Prometheus's text format 0.0.4. Pure, but for reading the counters.
std::string PrometheusText(const IngestCounters& counters, const StoreTotals& totals);

}  // namespace lambent::collector
