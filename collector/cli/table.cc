// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/table.h"

#include <algorithm>
#include <cstddef>

namespace lambent::cli {

std::string Paint(const std::string& text, Tone tone, bool colour) {
  if (!colour || tone == Tone::kPlain || text.empty()) return text;
  const char* code = tone == Tone::kDim    ? "2"
                     : tone == Tone::kGood ? "32"
                     : tone == Tone::kBad  ? "31"
                                           : "1";
  return "\x1b[" + std::string(code) + "m" + text + "\x1b[0m";
}

size_t DisplayWidth(const std::string& utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0u) != 0x80;
  }));
}

std::string Table::Print(bool colour) const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(DisplayWidth(column.heading));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
    }
  }
  std::string out;
  const auto line = [&](auto cell_at) {
    std::string text;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const Cell cell = cell_at(i);
      const std::string gap(widths[i] - DisplayWidth(cell.text), ' ');
      if (i != 0) text += "  ";
      if (columns_[i].right) text += gap;
      text += Paint(cell.text, cell.tone, colour);
      // No blanks at the end of a line.
      if (!columns_[i].right && i + 1 < columns_.size()) text += gap;
    }
    out += text + "\n";
  };
  line([&](size_t i) { return Cell{columns_[i].heading, Tone::kStrong}; });
  for (const auto& row : rows_) line([&](size_t i) { return row[i]; });
  return out;
}

}  // namespace lambent::cli
