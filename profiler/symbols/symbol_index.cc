// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/symbol_index.h"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <utility>

namespace lambent {
namespace {

// Symbols read at once: 6 KiB, on the stack.
constexpr size_t kSymbolsPerRead = 256;

bool IsFunction(const Elf64_Sym& symbol) {
  const unsigned char type = ELF64_ST_TYPE(symbol.st_info);
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF &&
         symbol.st_shndx < SHN_LORESERVE;
}

// One past the function's last byte; its start when it has no size.
uint64_t End(const Elf64_Sym& symbol) {
  return symbol.st_size > UINT64_MAX - symbol.st_value ? UINT64_MAX
                                                       : symbol.st_value + symbol.st_size;
}

bool Covers(const Elf64_Sym& symbol, uint64_t address) {
  return address >= symbol.st_value && address < End(symbol);
}

// Aliases start at one address: the global name is the one people call, then weak, then local.
int BindingRank(const Elf64_Sym& symbol) {
  switch (ELF64_ST_BIND(symbol.st_info)) {
    case STB_GLOBAL:
      return 2;
    case STB_WEAK:
      return 1;
    default:
      return 0;
  }
}

// Of names for the same code ("__GI___read", "__read", "read") the plainest.
bool IsPlainer(std::string_view a, std::string_view b) {
  const auto key = [](std::string_view name) {
    return std::tuple(std::min(name.find_first_not_of('_'), name.size()), name.size(), name);
  };
  return key(a) < key(b);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SymbolIndex>> SymbolIndex::Create(
    std::unique_ptr<os::FileBytes> file) {
  absl::StatusOr<ElfSections> sections = ElfSections::Parse(*file);
  if (!sections.ok()) return sections.status();
  return std::unique_ptr<SymbolIndex>(new SymbolIndex(std::move(file), *std::move(sections)));
}

SymbolIndex::SymbolIndex(std::unique_ptr<os::FileBytes> file, ElfSections sections)
    : file_(std::move(file)), sections_(std::move(sections)), tables_(sections_.SymbolTables()) {
  // .symtab holds what .dynsym holds, and more.
  if (tables_.size() > 1) tables_.resize(1);
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
  std::array<Elf64_Sym, kSymbolsPerRead> symbols;
  for (size_t table = 0; table < tables_.size(); ++table) {
    const uint64_t count = std::min(tables_[table].count, kMaxSymbols);
    for (uint64_t first = 0; first < count; first += kSymbolsPerRead) {
      const size_t asked = std::min<uint64_t>(kSymbolsPerRead, count - first);
      const size_t read = file_->ReadAt(tables_[table].offset + first * sizeof(Elf64_Sym),
                                        symbols.data(), asked * sizeof(Elf64_Sym)) /
                          sizeof(Elf64_Sym);
      for (size_t i = 0; i < read; ++i) {
        if (!IsFunction(symbols[i])) continue;
        for (Wanted& one : wanted) Consider(symbols[i], table, &one);
      }
      if (read < asked) break;  // the file shrank
    }
  }
  for (const Wanted& one : wanted) {
    Range range{.high = one.high, .symbol = {}};
    const bool exact = one.found && Covers(one.best, one.address);
    // A symbol without size reaches to the next edge, or to the end of its section.
    const uint64_t section_end = one.found && !exact && one.low == one.best.st_value
                                     ? sections_.EndOfSection(one.best.st_shndx, one.address)
                                     : 0;
    if (section_end != 0) range.high = std::min(range.high, section_end);
    if (exact || section_end != 0) {
      const StringId name = names_.Intern(ReadName(one.best, one.best_table));
      range.symbol = {.name = names_.Get(name), .start = one.best.st_value, .exact = exact};
    }
    ranges_.insert_or_assign(one.low, range);
  }
}

void SymbolIndex::Consider(const Elf64_Sym& symbol, size_t table, Wanted* wanted) const {
  const uint64_t address = wanted->address;
  for (const uint64_t edge : {symbol.st_value, End(symbol)}) {
    if (edge <= address) {
      wanted->low = std::max(wanted->low, edge);
    } else {
      wanted->high = std::min(wanted->high, edge);
    }
  }
  const bool covers = Covers(symbol, address);
  if (!covers && (symbol.st_size != 0 || symbol.st_value > address)) return;
  if (wanted->found) {
    const Elf64_Sym& best = wanted->best;
    const bool best_covers = Covers(best, address);
    if (covers != best_covers) {
      if (best_covers) return;
    } else if (symbol.st_value != best.st_value) {
      if (symbol.st_value < best.st_value) return;  // the innermost, or the nearest
    } else if (BindingRank(symbol) != BindingRank(best)) {
      if (BindingRank(symbol) < BindingRank(best)) return;
    } else if (!IsPlainer(ReadName(symbol, table), ReadName(best, wanted->best_table))) {
      return;
    }
  }
  wanted->best = symbol;
  wanted->best_table = table;
  wanted->found = true;
}

std::string SymbolIndex::ReadName(const Elf64_Sym& symbol, size_t table) const {
  const SymbolTable& strings = tables_[table];
  std::string name;
  if (symbol.st_name >= strings.strings_size) return name;
  const uint64_t left = strings.strings_size - symbol.st_name;
  // Almost all names end within the first piece.
  std::array<char, 256> piece;
  while (name.size() < std::min<uint64_t>(left, kMaxNameBytes)) {
    const size_t asked =
        std::min<uint64_t>({piece.size(), left - name.size(), kMaxNameBytes - name.size()});
    const size_t read =
        file_->ReadAt(strings.strings_offset + symbol.st_name + name.size(), piece.data(), asked);
    const std::string_view text(piece.data(), read);
    name.append(text.substr(0, text.find('\0')));
    if (read < asked || text.find('\0') != std::string_view::npos) break;
  }
  return name;
}

}  // namespace lambent
