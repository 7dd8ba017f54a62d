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

// What the loader needs to know of a 64-bit little-endian ELF file, and symbols by name. The file
// is untrusted: everything is bounded by its size. Format: System V gABI. Thread-compatible.
class ElfImage {
 public:
  static constexpr uint16_t kMaxSegments = 128;
  static constexpr uint64_t kMaxNameBytes = 256;

  // Errors: not an ELF file of this machine, or headers outside it. `file` must outlive the result.
  static absl::StatusOr<ElfImage> Parse(const os::FileBytes& file);

  // The GNU build id, raw; empty when there is none.
  std::string BuildId() const;

  // The difference between where the file is mapped and where it says it wants to be, from one of
  // its mappings: address = file address + bias. None when no segment lies at `file_offset`.
  std::optional<uint64_t> LoadBias(uint64_t mapping_start, uint64_t file_offset) const;

  // The lowest file address of a segment; the highest end.
  uint64_t low() const { return low_; }
  uint64_t high() const { return high_; }

  // The symbol called `name` in .dynsym, else .symtab (by the section headers). The names are
  // searched as text first, since most files do not have it: that takes 5 ms for the 13 MB of
  // node's, and looking at each symbol's 25.
  std::optional<Elf64_Sym> FindSymbol(std::string_view name) const;

  // Reads at a file *address*, out of the file; false for what is not in it (.bss).
  bool ReadAddress(uint64_t address, void* into, size_t size) const;

 private:
  explicit ElfImage(const os::FileBytes& file) : file_(&file) {}
  std::optional<Elf64_Sym> FindIn(const Elf64_Shdr& table, const Elf64_Shdr& strings,
                                  std::string_view name) const;
  // Where strings of the table end in `name`, as st_name counts: linkers let a short name share the
  // end of a longer one.
  std::vector<uint64_t> PlacesOf(std::string_view name, const Elf64_Shdr& strings) const;

  const os::FileBytes* file_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  uint64_t low_ = 0;
  uint64_t high_ = 0;
};

}  // namespace lambent
