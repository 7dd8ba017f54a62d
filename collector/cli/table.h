// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace lambent::cli {

// How a cell looks on a terminal; plain elsewhere.
enum class Tone { kPlain, kDim, kGood, kBad, kStrong };

// `text` in the terminal's colour for `tone`; unchanged when `colour` is false. Pure.
std::string Paint(const std::string& text, Tone tone, bool colour);

// Characters a terminal shows for UTF-8 text, one column each. Pure.
size_t DisplayWidth(const std::string& utf8);

// Rows under a heading, columns aligned, two spaces between. A value; thread-compatible.
class Table {
 public:
  struct Column {
    std::string heading;
    bool right = false;  // numbers
  };
  struct Cell {
    std::string text;
    Tone tone = Tone::kPlain;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: as many cells as columns.
  void Add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  std::string Print(bool colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace lambent::cli
