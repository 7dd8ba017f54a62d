// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/os/file_bytes.h"

namespace lambent {

// One symbol table of an ELF file and the strings its names are in, checked to lie inside the file.
struct SymbolTable {
  bool dynamic = false;  // .dynsym
  uint64_t offset = 0;   // of its first Elf64_Sym
  uint64_t count = 0;    // of symbols
  uint64_t strings_offset = 0;
  uint64_t strings_size = 0;
};

// The section headers of a 64-bit little-endian ELF file, for parsers of what they point at. The
// file is untrusted: everything is bounded by its size. Format: System V gABI, chapter 4.
// Thread-compatible.
class ElfSections {
 public:
  // Most sections looked at; a linker writes dozens, -ffunction-sections objects are not loaded.
  static constexpr uint16_t kMaxSections = 4096;

  // Errors: not an ELF file we know, or headers outside the file. `file` must outlive the result.
  static absl::StatusOr<ElfSections> Parse(const os::FileBytes& file);

  // .symtab first, then .dynsym; empty for a file that has neither.
  std::vector<SymbolTable> SymbolTables() const;

  // Where the content of the section called `name` lies; nullopt: there is none.
  struct Content {
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  std::optional<Content> Find(std::string_view name) const;

  // Where section number `index` of the running program ends; 0 when `address` is not within it.
  uint64_t EndOfSection(uint16_t index, uint64_t address) const;

  // The GNU build id (raw bytes) from a note section; empty when there is none.
  std::string BuildId() const;

 private:
  explicit ElfSections(const os::FileBytes& file) : file_(&file) {}
  bool Fits(const Elf64_Shdr& section) const;

  const os::FileBytes* file_;
  std::vector<Elf64_Shdr> sections_;
  uint16_t names_ = SHN_UNDEF;  // the section with the sections' names
};

}  // namespace lambent
