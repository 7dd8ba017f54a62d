// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/function_ranges.h"

#include <algorithm>
#include <cstdint>
#include <queue>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "profiler/symbols/best_name.h"
#include "profiler/symbols/mini_debug_info.h"

namespace lambent {

absl::StatusOr<FunctionRanges> FunctionRanges::Read(std::unique_ptr<os::FileBytes> file) {
  absl::StatusOr<FunctionTables> tables = FunctionTables::Open(std::move(file));
  if (!tables.ok()) return tables.status();
  MiniDebugInfoBudget budget;
  tables->AddMiniDebugInfo(budget);
  FunctionRanges functions(*std::move(tables));
  if (absl::Status s = functions.Collect(); !s.ok()) return s;
  functions.DropHidden();
  functions.Sweep();
  return functions;
}

absl::Status FunctionRanges::Collect() {
  bool too_many = false;
  for (size_t table = 0; table < tables_.count(); ++table) {
    tables_.ForEachFunction(table, [&](const Elf64_Sym& entry) {
      if (symbols_.size() < kMaxFunctions) {
        symbols_.push_back(
            {entry, static_cast<uint32_t>(table), static_cast<uint32_t>(symbols_.size())});
      } else {
        too_many = true;
      }
    });
  }
  if (too_many) {
    return absl::ResourceExhaustedError(
        absl::StrCat("read symbols: more than ", kMaxFunctions, " functions"));
  }
  std::sort(symbols_.begin(), symbols_.end(), [](const Symbol& a, const Symbol& b) {
    // The longest first.
    return std::tuple(a.entry.st_value, ~EndOf(a.entry), a.order) <
           std::tuple(b.entry.st_value, ~EndOf(b.entry), b.order);
  });
  return absl::OkStatus();
}

// Of functions that start together and reach as far as an address, it belongs to the one with the
// best name. So only those are left that have a better name than all that are longer: one look at
// each, and what is left needs no names to be compared.
void FunctionRanges::DropHidden() {
  const auto is_sizeless = [](const Symbol& s) { return EndOf(s.entry) == s.entry.st_value; };
  BestName best;
  size_t kept = 0;
  for (const Symbol& symbol : symbols_) {
    const Symbol* const last = kept == 0 ? nullptr : &symbols_[kept - 1];
    const bool joins = last != nullptr && last->entry.st_value == symbol.entry.st_value &&
                       is_sizeless(*last) == is_sizeless(symbol);
    if (!joins) best = {};
    if (!best.Offer(tables_, symbol.table, symbol.entry)) continue;
    if (joins && EndOf(last->entry) == EndOf(symbol.entry)) --kept;
    symbols_[kept++] = symbol;
  }
  symbols_.resize(kept);
}

uint64_t FunctionRanges::OpenEnd(const Symbol& symbol, uint64_t limit) const {
  const uint64_t end = tables_.EndOfSection(symbol.table, symbol.entry, symbol.entry.st_value);
  return std::min(end, limit);
}

void FunctionRanges::Append(uint64_t start, uint64_t end, size_t symbol) {
  end = std::min<uint64_t>(end, INT64_MAX);  // no file has code beyond; who keeps it counts so far
  if (end <= start) return;
  if (!ranges_.empty() && ranges_.back().end == start && ranges_.back().symbol == symbol) {
    ranges_.back().end = end;
  } else {
    ranges_.push_back({start, end, static_cast<uint32_t>(symbol)});
  }
}

// From edge to edge: between two, the same function is the innermost everywhere.
void FunctionRanges::Sweep() {
  std::vector<uint64_t> edges;
  edges.reserve(2 * symbols_.size());
  for (const Symbol& symbol : symbols_) {
    edges.push_back(symbol.entry.st_value);
    edges.push_back(EndOf(symbol.entry));
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  // Functions that began and, but for those found over when they come to the top, did not end.
  std::priority_queue<uint32_t> open;
  uint32_t next = 0;
  for (size_t i = 0; i < edges.size(); ++i) {
    const uint64_t from = edges[i];
    const uint64_t to = i + 1 < edges.size() ? edges[i + 1] : UINT64_MAX;
    const Symbol* sizeless = nullptr;  // the function without size that starts here
    for (; next < symbols_.size() && symbols_[next].entry.st_value == from; ++next) {
      if (EndOf(symbols_[next].entry) > from) {
        open.push(next);
      } else {
        sizeless = &symbols_[next];
      }
    }
    while (!open.empty() && EndOf(symbols_[open.top()].entry) <= from) open.pop();
    if (!open.empty()) {
      Append(from, to, open.top());
    } else if (sizeless != nullptr) {
      Append(from, OpenEnd(*sizeless, to), next - 1);
    }
  }
}

std::string FunctionRanges::Name(const Range& range) const {
  const Symbol& symbol = symbols_[range.symbol];
  return tables_.Name(symbol.table, symbol.entry);
}

}  // namespace lambent
