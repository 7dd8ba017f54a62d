// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/metrics/network_totals.h"

#include <algorithm>
#include <charconv>

namespace lambent {
namespace {

// The figure at `index` of a line of blanks and figures.
bool FigureAt(std::string_view line, int index, int64_t* value) {
  for (int i = 0;; ++i) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) return false;
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    if (i == index) {
      const auto result = std::from_chars(line.data(), line.data() + end, *value);
      return result.ec == std::errc() && result.ptr == line.data() + end && *value >= 0;
    }
    line.remove_prefix(end);
  }
}

}  // namespace

bool ParseNetworkTotals(std::string_view text, NetworkTotals* totals) {
  *totals = {};
  for (int number = 0; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (number < 2) continue;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    std::string_view name = line.substr(0, colon);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    if (name == "lo") continue;
    int64_t received = 0;
    int64_t sent = 0;
    if (!FigureAt(line.substr(colon + 1), 0, &received) ||
        !FigureAt(line.substr(colon + 1), 8, &sent)) {
      return false;
    }
    totals->received_bytes += received;
    totals->sent_bytes += sent;
  }
  return true;
}

}  // namespace lambent
