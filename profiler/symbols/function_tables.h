// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

#include "profiler/os/file_bytes.h"
#include "profiler/symbols/elf_sections.h"
#include "profiler/symbols/mini_debug_info.h"

namespace lambent {

// One past a function's last byte; its start when it has no size.
uint64_t EndOf(const Elf64_Sym& symbol);

// The symbol tables of one ELF file that name its functions: .symtab, which holds what .dynsym
// holds; without it .dynsym and, once asked for, the .symtab of its mini debug info. Read in small
// pieces, never loaded whole. The file is untrusted. Thread-compatible.
class FunctionTables {
 public:
  // Longest name kept; the rest is cut off.
  static constexpr size_t kMaxNameBytes = 4096;
  // Most symbols looked at in one table.
  static constexpr uint64_t kMaxSymbols = 8'000'000;

  // Errors: `file` is not an ELF file we know.
  static absl::StatusOr<FunctionTables> Open(std::unique_ptr<os::FileBytes> file);

  // Tables by number, from 0.
  size_t count() const { return tables_.size(); }
  // Adds what mini debug info there is, which costs milliseconds and memory (mini_debug_info.h).
  // Within `budget`. True when it added a table; false ever after.
  bool AddMiniDebugInfo(MiniDebugInfoBudget& budget);

  void ForEachFunction(size_t table, absl::FunctionRef<void(const Elf64_Sym&)> visit) const;
  // The name of a symbol of that table, `max_bytes` of it at most.
  std::string Name(size_t table, const Elf64_Sym& symbol, size_t max_bytes = kMaxNameBytes) const;
  // Where the symbol's section ends; 0 when `address` is not within it.
  uint64_t EndOfSection(size_t table, const Elf64_Sym& symbol, uint64_t address) const {
    return images_[tables_[table].image]->sections.EndOfSection(symbol.st_shndx, address);
  }

  // GNU, raw; empty when there is none.
  std::string BuildId() const { return images_[0]->sections.BuildId(); }

 private:
  // A file and its section headers. On the heap: the sections refer to the file.
  struct Image {
    std::unique_ptr<os::FileBytes> file;
    ElfSections sections;
  };
  struct Table {
    size_t image = 0;
    SymbolTable place;
  };

  static absl::StatusOr<std::unique_ptr<Image>> ImageOf(std::unique_ptr<os::FileBytes> file);

  std::vector<std::unique_ptr<Image>> images_;  // the file itself first
  std::vector<Table> tables_;
  bool may_have_more_ = false;  // mini debug info was not looked for yet
};

}  // namespace lambent
