// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/web/parameters.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

#include "collector/query/frame_name.h"
#include "collector/query/invocation_status.h"

namespace lambent::collector {
namespace {

constexpr std::array<std::string_view, 12> kSelectionNames = {
    "function", "version", "request_id", "attempt", "environment", "phase",
    "since",    "until",   "cold",       "status",  "thread",      "gil"};
constexpr size_t kMaxLimit = 10'000;

std::string Value(const Parameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

absl::Status Wrong(const std::string& name, const std::string& value, const char* expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("parameter ", SafeText(name), "=", SafeText(value), ": expected ", expected));
}

absl::StatusOr<int64_t> ParseTime(const std::string& name, const std::string& value,
                                  absl::Time now) {
  if (value.empty()) return 0;
  absl::Duration before;
  absl::Time time;
  std::string error;
  if (absl::ParseDuration(value, &before) && before >= absl::ZeroDuration()) {
    time = now - before;
  } else if (!absl::ParseTime(absl::RFC3339_full, value, &time, &error)) {
    return Wrong(name, value, "a duration like 90s or 2h, or a time like 2026-01-31T12:00:00Z");
  }
  const int64_t unix_us = absl::ToUnixMicros(time);
  return unix_us > 0 ? unix_us : 1;  // 0 would mean open
}

std::optional<Phase> ParsePhase(std::string_view name) {
  for (int phase = 1; phase <= static_cast<int>(Phase::kShutdown); ++phase) {
    if (PhaseName(static_cast<Phase>(phase)) == name) return static_cast<Phase>(phase);
  }
  return std::nullopt;
}

bool IsSelectionName(std::string_view name) {
  for (const std::string_view known : kSelectionNames) {
    if (known == name) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<Selection> ParseSelection(const Parameters& parameters, const std::string& prefix,
                                         absl::Time now) {
  const auto value = [&](const char* name) { return Value(parameters, prefix + name); };
  Selection selection;
  SampleFilter& filter = selection.filter;
  filter.function_name = value("function");
  filter.function_version = value("version");
  filter.request_id = value("request_id");
  selection.thread_name = value("thread");
  if (const std::string gil = value("gil"); !gil.empty()) {
    if (gil != "true" && gil != "false") return Wrong(prefix + "gil", gil, "true or false");
    selection.with_lock = gil == "true";
  }
  if (const std::string attempt = value("attempt"); !attempt.empty()) {
    if (!absl::SimpleAtoi(attempt, &filter.attempt) || filter.attempt == 0 ||
        filter.request_id.empty()) {
      return Wrong(prefix + "attempt", attempt, "a number from 1 on, beside a request_id");
    }
  }
  if (const std::string hex = value("environment"); !hex.empty()) {
    absl::StatusOr<std::string> id = EnvironmentIdFromHex(hex);
    if (!id.ok()) return Wrong(prefix + "environment", hex, "32 hexadecimal digits");
    filter.environment_id = *id;
  }
  if (const std::string list = value("phase"); !list.empty()) {
    for (const std::string& name : std::vector<std::string>(absl::StrSplit(list, ','))) {
      const std::optional<Phase> phase = ParsePhase(name);
      if (!phase.has_value()) {
        return Wrong(prefix + "phase", name, "init, invoke, after or shutdown");
      }
      filter.phases.push_back(*phase);
    }
  }
  for (const auto& [name, time] :
       {std::pair{"since", &filter.since_us}, std::pair{"until", &filter.until_us}}) {
    const absl::StatusOr<int64_t> parsed = ParseTime(prefix + name, value(name), now);
    if (!parsed.ok()) return parsed.status();
    *time = *parsed;
  }
  if (const std::string cold = value("cold"); !cold.empty()) {
    bool is_cold = false;
    if (!absl::SimpleAtob(cold, &is_cold)) return Wrong(prefix + "cold", cold, "true or false");
    filter.cold = is_cold;
  }
  if (const std::string status = value("status"); !status.empty()) {
    const std::optional<uint32_t> number = ParseInvocationStatus(status);
    if (!number.has_value()) {
      return Wrong(prefix + "status", status, "success, error, timeout or failure");
    }
    filter.status = *number;
  }
  return selection;
}

absl::Status CheckNames(const Parameters& parameters, bool difference) {
  for (const auto& [name, value] : parameters) {
    if (name == "format" || name == "weight" || name == "limit") continue;
    std::string_view rest = name;
    if (difference) {
      for (const std::string_view prefix : {"base_", "compare_"}) {
        if (rest.substr(0, prefix.size()) == prefix) rest.remove_prefix(prefix.size());
      }
      if (rest == name) rest = "";  // a name without a prefix selects neither side
    }
    if (!IsSelectionName(rest)) {
      return absl::InvalidArgumentError(absl::StrCat("unknown parameter ", SafeText(name)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Format> ParseFormatParameter(const Parameters& parameters, Format otherwise) {
  const std::string name = Value(parameters, "format");
  if (name.empty()) return otherwise;
  const std::optional<Format> format = ParseFormat(name);
  if (!format.has_value()) {
    return Wrong("format", name, "html, svg, folded, pprof, speedscope, json or gperftools");
  }
  return *format;
}

absl::StatusOr<Weight> ParseWeightParameter(const Parameters& parameters) {
  const std::string name = Value(parameters, "weight");
  if (name.empty() || name == "wall") return Weight::kWall;
  if (name == "cpu") return Weight::kCpu;
  if (name == "samples") return Weight::kSamples;
  return Wrong("weight", name, "wall, cpu or samples");
}

absl::StatusOr<size_t> ParseLimitParameter(const Parameters& parameters, size_t otherwise) {
  const std::string text = Value(parameters, "limit");
  uint32_t limit = 0;
  if (text.empty()) return otherwise;
  if (!absl::SimpleAtoi(text, &limit) || limit == 0 || limit > kMaxLimit) {
    return Wrong("limit", text, "a number from 1 to 10000");
  }
  return size_t{limit};
}

std::string EncodeQuery(const Parameters& parameters) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    absl::StrAppend(&query, query.empty() ? "" : "&", name, "=");
    for (const char c : value) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
      if (plain) {
        query.push_back(c);
      } else {
        const auto byte = static_cast<uint8_t>(c);
        query += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
      }
    }
  }
  return query;
}

}  // namespace lambent::collector
