// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/words.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lambent::cli {

absl::StatusOr<absl::Time> ParseTime(const std::string& text, absl::Time now) {
  if (text == "now") return now;
  std::string duration = text;
  // absl knows h, m, s; days are what people ask for.
  absl::Duration days;
  if (const size_t d = duration.find('d');
      d != std::string::npos && d > 0 && d <= 5 &&
      std::all_of(duration.begin(), duration.begin() + static_cast<std::ptrdiff_t>(d),
                  [](unsigned char c) { return std::isdigit(c) != 0; })) {
    days = absl::Hours(24 * std::stoll(duration.substr(0, d)));
    duration = duration.substr(d + 1);
  }
  absl::Duration rest;
  if ((duration.empty() && days != absl::ZeroDuration()) || absl::ParseDuration(duration, &rest)) {
    if (days + rest >= absl::ZeroDuration()) return now - days - rest;
  }
  absl::Time time;
  std::string error;
  for (const char* format : {absl::RFC3339_full, "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
                             "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, text, absl::LocalTimeZone(), &time, &error)) return time;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "time \"", text, "\": want an age (30m, 1h, 2d) or a time (2026-11-23T08:00:00Z)"));
}

std::string MillisecondsText(int64_t us) {
  const double value = static_cast<double>(us);
  if (us != 0 && us > -1000 && us < 1000) return absl::StrCat(us, " µs");
  if (us < 1000000) return absl::StrFormat("%.1f ms", value / 1e3);
  return absl::StrFormat("%.2f s", value / 1e6);
}

std::string DurationText(int64_t us) { return us == 0 ? "-" : MillisecondsText(us); }

std::string BytesText(int64_t bytes) {
  if (bytes == 0) return "-";
  const double value = static_cast<double>(bytes);
  if (bytes < 1 << 10) return absl::StrCat(bytes, " B");
  if (bytes < 1 << 20) return absl::StrFormat("%.1f KiB", value / (1 << 10));
  if (bytes < 1 << 30) return absl::StrFormat("%.1f MiB", value / (1 << 20));
  return absl::StrFormat("%.2f GiB", value / (1 << 30));
}

std::string CountText(uint64_t count) {
  const std::string digits = absl::StrCat(count);
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string TimeText(int64_t unix_us) {
  if (unix_us == 0) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(unix_us),
                          absl::LocalTimeZone());
}

std::string AgeText(int64_t unix_us, absl::Time now) {
  if (unix_us == 0) return "-";
  const int64_t seconds = absl::ToInt64Seconds(now - absl::FromUnixMicros(unix_us));
  if (seconds < 120) return absl::StrCat(std::max<int64_t>(seconds, 0), " s ago");
  if (seconds < 7200) return absl::StrCat(seconds / 60, " min ago");
  if (seconds < 172800) return absl::StrCat(seconds / 3600, " h ago");
  return absl::StrCat(seconds / 86400, " d ago");
}

std::string Sparkline(const int64_t* values, size_t count, size_t width) {
  static constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (count == 0 || width == 0) return "";
  const auto [low, high] = std::minmax_element(values, values + count);
  const double span = static_cast<double>(*high - *low);
  const size_t columns = std::min(count, width);
  std::string out;
  for (size_t i = 0; i < columns; ++i) {
    const int64_t* from = values + i * count / columns;
    const int64_t* to = values + std::max((i + 1) * count / columns, i * count / columns + 1);
    const double peak = static_cast<double>(*std::max_element(from, to) - *low);
    out.append(kBars[span > 0 ? static_cast<size_t>(peak / span * 7) : 0]);
  }
  return out;
}

std::string Printable(const std::string& text) {
  std::string out = text;
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = ' ';
  }
  return out;
}

}  // namespace lambent::cli
