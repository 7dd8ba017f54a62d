// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/telemetry_parser.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"

#include "extensions/lambda_api/json_reading.h"
#include "profiler/base/absl_view.h"

namespace lambent {
namespace {

using nlohmann::json;

constexpr int64_t kYear2000Us = 946'684'800'000'000;
constexpr int64_t kYear2200Us = 7'258'118'400'000'000;
constexpr double kUsPerMs = 1000;

std::string_view Trim(std::string_view text) {
  return StdView(absl::StripAsciiWhitespace(AbslView(text)));
}

// Cuts the elements out of a JSON array without understanding them.
class ArrayElements {
 public:
  explicit ArrayElements(std::string_view text) : rest_(Trim(text)) { is_array_ = SkipIf('['); }
  bool is_array() const { return is_array_; }

  // The next element's text, possibly not JSON; false at the end.
  bool Next(std::string_view* element) {
    rest_ = Trim(rest_);
    if (rest_.empty() || rest_.front() == ']') return false;
    const size_t end = EndOfElement();
    *element = rest_.substr(0, end);
    rest_.remove_prefix(end);
    // A brace that closes nothing is passed over too, or it would be found here for ever.
    if (!SkipIf(',')) SkipIf('}');
    return true;
  }

 private:
  bool SkipIf(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Where the comma or bracket behind the first element stands, or the end of the text.
  size_t EndOfElement() const {
    int64_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (in_string) {
        if (c == '\\') ++i;
        if (c == '"') in_string = false;
      } else if (c == '"') {
        in_string = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if ((c == '}' || c == ']') && depth-- == 0) {
        return i;
      } else if (c == ',' && depth == 0) {
        return i;
      }
    }
    return rest_.size();
  }

  std::string_view rest_;
  bool is_array_ = false;
};

PlatformStatus StatusOf(const json& record) {
  const std::string status = absl::AsciiStrToLower(StringOf(record, "status"));
  if (status == "success") return PlatformStatus::kSuccess;
  if (status == "error") return PlatformStatus::kError;
  if (status == "timeout") return PlatformStatus::kTimeout;
  if (status == "failure") return PlatformStatus::kFailure;
  return PlatformStatus::kUnspecified;
}

int64_t MetricOf(const json& record, const char* name, double scale) {
  const json* metrics = MemberOf(record, "metrics");
  return metrics == nullptr ? 0 : ScaledOf(*metrics, name, scale);
}

std::optional<TelemetryRecord> RecordOf(std::string_view type, const json& r) {
  if (type == "platform.initStart") {
    return PlatformInitStart{StringOf(r, "initializationType"), StringOf(r, "phase"),
                             StringOf(r, "runtimeVersion")};
  }
  if (type == "platform.initRuntimeDone") {
    return PlatformInitRuntimeDone{StatusOf(r), StringOf(r, "errorType")};
  }
  if (type == "platform.initReport") {
    return PlatformInitReport{StatusOf(r), StringOf(r, "errorType"),
                              MetricOf(r, "durationMs", kUsPerMs)};
  }
  if (type == "platform.start") return PlatformStart{StringOf(r, "requestId")};
  if (type == "platform.runtimeDone") {
    return PlatformRuntimeDone{StringOf(r, "requestId"), StatusOf(r), StringOf(r, "errorType"),
                               MetricOf(r, "durationMs", kUsPerMs)};
  }
  if (type == "platform.report") {
    return PlatformReport{StringOf(r, "requestId"),
                          StatusOf(r),
                          StringOf(r, "errorType"),
                          MetricOf(r, "durationMs", kUsPerMs),
                          MetricOf(r, "billedDurationMs", kUsPerMs),
                          MetricOf(r, "initDurationMs", kUsPerMs),
                          MetricOf(r, "memorySizeMB", 1),
                          MetricOf(r, "maxMemoryUsedMB", 1)};
  }
  if (type == "platform.logsDropped") return PlatformLogsDropped{StringOf(r, "reason")};
  return std::nullopt;
}

void ReadEvent(std::string_view text, TelemetryBatch* batch) {
  const json event = ParseJson(text);
  const std::string type = StringOf(event, "type");
  const json* record = MemberOf(event, "record");
  const absl::StatusOr<int64_t> time = ParseTelemetryTime(StringOf(event, "time"));
  if (type.empty() || record == nullptr || !time.ok()) {
    ++batch->malformed;
    return;
  }
  std::optional<TelemetryRecord> known = RecordOf(type, *record);
  if (!known.has_value()) {
    ++batch->ignored;
  } else if (!record->is_object()) {
    ++batch->malformed;
  } else {
    batch->events.push_back({*time, *std::move(known)});
  }
}

}  // namespace

TelemetryBatch ParseTelemetryBatch(std::string_view body) {
  TelemetryBatch batch;
  ArrayElements elements(body);
  if (!elements.is_array()) {
    batch.malformed = 1;
    return batch;
  }
  std::string_view element;
  while (elements.Next(&element)) ReadEvent(element, &batch);
  return batch;
}

absl::StatusOr<int64_t> ParseTelemetryTime(std::string_view text) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, AbslView(text), &time, nullptr)) {
    return absl::InvalidArgumentError("read telemetry time: not RFC 3339");
  }
  const int64_t micros = absl::ToUnixMicros(time);  // also "infinite-future", which parses
  if (micros < kYear2000Us || micros >= kYear2200Us) {
    return absl::InvalidArgumentError("read telemetry time: year out of range");
  }
  return micros;
}

}  // namespace lambent
