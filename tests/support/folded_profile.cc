// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/folded_profile.h"

#include <charconv>
#include <utility>

namespace lambent::support {
namespace {

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t at = 0;;) {
    const size_t end = text.find(separator, at);
    parts.emplace_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

}  // namespace

FoldedProfile::FoldedProfile(std::string_view text) {
  for (const std::string& line : Split(text, '\n')) {
    if (line.empty()) continue;
    const size_t space = line.rfind(' ');
    Line parsed;
    const char* end = line.data() + line.size();
    if (space == std::string::npos || space == 0 ||
        std::from_chars(line.data() + space + 1, end, parsed.weight).ptr != end) {
      malformed_.push_back(line);
      continue;
    }
    parsed.frames = Split(std::string_view(line).substr(0, space), ';');
    lines_.push_back(std::move(parsed));
  }
}

int64_t FoldedProfile::total() const {
  int64_t sum = 0;
  for (const Line& line : lines_) sum += line.weight;
  return sum;
}

int64_t FoldedProfile::WeightOf(const std::vector<std::string>& path) const {
  int64_t sum = 0;
  for (const Line& line : lines_) {
    size_t matched = 0;
    for (const std::string& frame : line.frames) {
      if (matched < path.size() && frame.find(path[matched]) != std::string::npos) ++matched;
    }
    if (matched == path.size()) sum += line.weight;
  }
  return sum;
}

double FoldedProfile::Share(const std::vector<std::string>& path, const std::string& root) const {
  const int64_t whole = WeightOf({root});
  return whole == 0 ? 0 : static_cast<double>(WeightOf(path)) / static_cast<double>(whole);
}

}  // namespace lambent::support
