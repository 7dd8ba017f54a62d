// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/selection.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

#include "collector/query/frame_name.h"
#include "collector/query/invocation_status.h"

namespace lambent::collector {
namespace {

std::string Time(int64_t unix_us) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixMicros(unix_us),
                          absl::UTCTimeZone());
}

}  // namespace

std::string Describe(const Selection& selection) {
  const SampleFilter& filter = selection.filter;
  std::vector<std::string> parts;
  if (!filter.function_name.empty()) {
    parts.push_back(absl::StrCat(SafeText(filter.function_name),
                                 filter.function_version.empty() ? "" : ":",
                                 SafeText(filter.function_version)));
  } else if (!filter.function_version.empty()) {
    parts.push_back(absl::StrCat("version ", SafeText(filter.function_version)));
  }
  if (!filter.request_id.empty()) {
    parts.push_back(absl::StrCat("request ", SafeText(filter.request_id)));
    if (filter.attempt != 0) absl::StrAppend(&parts.back(), ", attempt ", filter.attempt);
  }
  if (!filter.environment_id.empty()) {
    parts.push_back(absl::StrCat("environment ", EnvironmentIdToHex(filter.environment_id)));
  }
  if (!filter.phases.empty()) {
    std::vector<std::string> names;
    for (const Phase phase : filter.phases) names.emplace_back(PhaseName(phase));
    parts.push_back(absl::StrCat("phase ", absl::StrJoin(names, ", ")));
  }
  if (filter.cold.has_value()) parts.push_back(*filter.cold ? "cold starts" : "warm invocations");
  if (filter.status != 0) {
    parts.push_back(absl::StrCat("status ", std::string(InvocationStatusName(filter.status))));
  }
  if (!selection.thread_name.empty()) {
    parts.push_back(absl::StrCat("thread ", SafeText(selection.thread_name)));
  }
  if (selection.with_lock) parts.emplace_back("holding the GIL");
  if (filter.since_us != 0) parts.push_back(absl::StrCat("since ", Time(filter.since_us)));
  if (filter.until_us != 0) parts.push_back(absl::StrCat("until ", Time(filter.until_us)));
  return parts.empty() ? "everything" : absl::StrJoin(parts, " · ");
}

absl::StatusOr<std::string> EnvironmentIdFromHex(const std::string& hex) {
  bool digits = hex.size() == 32;
  for (const char c : hex) {
    digits = digits && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
  }
  if (!digits) {
    return absl::InvalidArgumentError("environment id: must be 32 hexadecimal digits");
  }
  return absl::HexStringToBytes(hex);
}

std::string EnvironmentIdToHex(const std::string& id) { return absl::BytesToHexString(id); }

}  // namespace lambent::collector
