// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/symbol_index.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace lambent {
namespace {

bool Covers(const Elf64_Sym& symbol, uint64_t address) {
  return address >= symbol.st_value && address < EndOf(symbol);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SymbolIndex>> SymbolIndex::Create(
    std::unique_ptr<os::FileBytes> file, MiniDebugInfoBudget* budget) {
  absl::StatusOr<FunctionTables> tables = FunctionTables::Open(std::move(file));
  if (!tables.ok()) return tables.status();
  return std::unique_ptr<SymbolIndex>(new SymbolIndex(*std::move(tables), budget));
}

FunctionSymbol SymbolIndex::Find(uint64_t address) {
  if (Known(address) == nullptr) Prepare({&address, 1});
  const Range* range = Known(address);
  return range == nullptr ? FunctionSymbol{} : range->symbol;
}

const SymbolIndex::Range* SymbolIndex::Known(uint64_t address) const {
  auto next = ranges_.upper_bound(address);
  if (next == ranges_.begin()) return nullptr;
  const Range& range = std::prev(next)->second;
  return address < range.high ? &range : nullptr;
}

void SymbolIndex::Prepare(absl::Span<const uint64_t> addresses) {
  std::vector<Wanted> wanted;
  for (size_t i = 0; i < addresses.size();) {
    wanted.clear();
    for (; i < addresses.size() && wanted.size() < kBatch; ++i) {
      if (Known(addresses[i]) == nullptr) wanted.push_back({.address = addresses[i]});
    }
    if (!wanted.empty()) Resolve(absl::MakeSpan(wanted));
  }
}

void SymbolIndex::Resolve(absl::Span<Wanted> wanted) {
  for (size_t table = 0; table < tables_.count(); ++table) Scan(table, wanted);
  const auto is_covered = [](const Wanted& one) {
    return !one.best.empty() && Covers(one.best.symbol(), one.address);
  };
  const bool all_covered = std::all_of(wanted.begin(), wanted.end(), is_covered);
  if (!all_covered && tables_.AddMiniDebugInfo(budget_)) Scan(tables_.count() - 1, wanted);
  for (const Wanted& one : wanted) {
    Range range{.high = one.high, .symbol = {.start = one.low}};
    const bool exact = is_covered(one);
    const Elf64_Sym& best = one.best.symbol();
    // A symbol without size reaches to the next edge, or to the end of its section.
    const uint64_t section_end = !one.best.empty() && !exact && one.low == best.st_value
                                     ? tables_.EndOfSection(one.best.table(), best, one.address)
                                     : 0;
    if (section_end != 0) range.high = std::min(range.high, section_end);
    if (exact || section_end != 0) {
      const StringId name = names_.Intern(tables_.Name(one.best.table(), best));
      range.symbol = {.name = names_.Get(name), .start = best.st_value, .exact = exact};
    }
    ranges_.insert_or_assign(one.low, range);
  }
}

void SymbolIndex::Scan(size_t table, absl::Span<Wanted> wanted) const {
  tables_.ForEachFunction(table, [&](const Elf64_Sym& symbol) {
    for (Wanted& one : wanted) Consider(symbol, table, &one);
  });
}

void SymbolIndex::Consider(const Elf64_Sym& symbol, size_t table, Wanted* wanted) const {
  const uint64_t address = wanted->address;
  for (const uint64_t edge : {symbol.st_value, EndOf(symbol)}) {
    if (edge <= address) {
      wanted->low = std::max(wanted->low, edge);
    } else {
      wanted->high = std::min(wanted->high, edge);
    }
  }
  const bool covers = Covers(symbol, address);
  if (!covers && (symbol.st_size != 0 || symbol.st_value > address)) return;
  if (!wanted->best.empty()) {
    const Elf64_Sym& best = wanted->best.symbol();
    const bool best_covers = Covers(best, address);
    // The innermost, or the nearest.
    if (covers != best_covers ? best_covers : symbol.st_value < best.st_value) return;
    if (covers != best_covers || symbol.st_value != best.st_value) wanted->best = {};
  }
  wanted->best.Offer(tables_, table, symbol);
}

}  // namespace lambent
