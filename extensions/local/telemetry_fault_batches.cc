// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/telemetry_fault_batches.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace lambent::local {

std::vector<std::string> BodiesOf(std::vector<std::string> events, const TelemetryFaults& faults) {
  if (faults.out_of_order) std::reverse(events.begin(), events.end());
  if (faults.unknown) {
    events.insert(events.begin(),
                  R"({"time":"2026-01-01T00:00:00.000Z","type":"platform.nobodyKnows",)"
                  R"("record":{"requestId":7,"status":[],"metrics":"none"},"extra":null})");
    events.push_back(R"({"type":"platform.start"})");
    events.push_back("17");
  }
  const std::string body = absl::StrCat("[", absl::StrJoin(events, ","), "]");
  std::vector<std::string> bodies;
  if (faults.malformed) bodies.push_back(R"([{"time":"2026-01-01T00:00:00.000Z","type":"plat)");
  bodies.push_back(body);
  if (faults.duplicate) bodies.push_back(body);
  return bodies;
}

}  // namespace lambent::local
