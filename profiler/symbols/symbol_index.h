// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "profiler/base/string_table.h"
#include "profiler/os/file_bytes.h"
#include "profiler/symbols/best_name.h"
#include "profiler/symbols/function_tables.h"
#include "profiler/symbols/mini_debug_info.h"

namespace lambent {

// The function an address lies in.
struct FunctionSymbol {
  std::string_view name;  // as the linker knows it (mangled for C++); empty: no symbol covers it
  // Of the function, as the ELF file numbers it; without a name: of the gap between functions that
  // the address lies in, as far as known.
  uint64_t start = 0;
  bool exact = false;  // the symbol's own size covers the address; else it has none (assembly)
};

// The function symbols of one ELF file, found without loading its tables: unknown addresses are
// answered by one pass over the file in small pieces, many addresses to a pass, and each answer is
// kept with the range of addresses it holds for. Mini debug info is decompressed when an address
// needs it, while the budget for it lasts. An address between functions is nobody's: the nearest
// symbol is never guessed. The file is untrusted. Thread-compatible.
class SymbolIndex {
 public:
  static constexpr size_t kMaxNameBytes = FunctionTables::kMaxNameBytes;
  // Addresses one pass resolves; more take more passes.
  static constexpr size_t kBatch = 64;

  // `budget`: for mini debug info, shared with other indexes, must outlive this; null: one of its
  // own. Errors: `file` is not an ELF file we know.
  static absl::StatusOr<std::unique_ptr<SymbolIndex>> Create(std::unique_ptr<os::FileBytes> file,
                                                             MiniDebugInfoBudget* budget = nullptr);

  // The function at `address` (as the file numbers it). Views live as long as the index.
  FunctionSymbol Find(uint64_t address);

  // Makes the next Find() of each of `addresses` cheap.
  void Prepare(absl::Span<const uint64_t> addresses);

  std::string BuildId() const { return tables_.BuildId(); }

 private:
  // What holds from `low` (its key in ranges_) up to `high`: no function starts or ends between.
  struct Range {
    uint64_t high = 0;
    FunctionSymbol symbol;
  };
  // An address being resolved.
  struct Wanted {
    uint64_t address = 0;
    uint64_t low = 0;
    uint64_t high = UINT64_MAX;
    BestName best;  // empty: no symbol found
  };

  SymbolIndex(FunctionTables tables, MiniDebugInfoBudget* budget)
      : tables_(std::move(tables)), budget_(budget != nullptr ? *budget : own_budget_) {}
  const Range* Known(uint64_t address) const;
  void Resolve(absl::Span<Wanted> wanted);
  void Scan(size_t table, absl::Span<Wanted> wanted) const;
  void Consider(const Elf64_Sym& symbol, size_t table, Wanted* wanted) const;

  FunctionTables tables_;
  MiniDebugInfoBudget own_budget_;
  MiniDebugInfoBudget& budget_;
  std::map<uint64_t, Range> ranges_;  // disjoint, by low end
  StringTable names_;
};

}  // namespace lambent
