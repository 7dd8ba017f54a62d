// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/elf_sections.h"

#include <cstring>

#include "absl/status/status.h"

namespace lambent {
namespace {

// Build ids are 8 to 32 bytes; a note far longer is not one.
constexpr uint32_t kMaxBuildIdBytes = 64;
constexpr uint64_t kMaxNoteBytes = 64 * 1024;

uint64_t AlignTo4(uint64_t size) { return (size + 3) & ~uint64_t{3}; }

bool IsKnown(const Elf64_Ehdr& header) {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB;
}

}  // namespace

absl::StatusOr<ElfSections> ElfSections::Parse(const os::FileBytes& file) {
  Elf64_Ehdr header;
  if (!os::ReadValueAt(file, 0, &header) || !IsKnown(header)) {
    return absl::InvalidArgumentError("read an ELF file: not 64-bit little-endian ELF");
  }
  ElfSections sections(file);
  if (header.e_shoff == 0 || header.e_shnum == 0) return sections;  // stripped of all sections
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum > kMaxSections) {
    return absl::InvalidArgumentError("read an ELF file: section headers of an unknown form");
  }
  const size_t bytes = header.e_shnum * sizeof(Elf64_Shdr);
  if (header.e_shoff > file.size() || bytes > file.size() - header.e_shoff) {
    return absl::InvalidArgumentError("read an ELF file: section headers outside the file");
  }
  sections.names_ = header.e_shstrndx;
  sections.sections_.resize(header.e_shnum);
  if (file.ReadAt(header.e_shoff, sections.sections_.data(), bytes) != bytes) {
    return absl::InvalidArgumentError("read an ELF file: section headers cut off");
  }
  return sections;
}

bool ElfSections::Fits(const Elf64_Shdr& section) const {
  return section.sh_type != SHT_NOBITS && section.sh_offset <= file_->size() &&
         section.sh_size <= file_->size() - section.sh_offset;
}

std::vector<SymbolTable> ElfSections::SymbolTables() const {
  std::vector<SymbolTable> tables;
  for (const auto wanted : {Elf64_Word{SHT_SYMTAB}, Elf64_Word{SHT_DYNSYM}}) {
    for (const Elf64_Shdr& section : sections_) {
      if (section.sh_type != wanted || !Fits(section)) continue;
      if (section.sh_entsize != sizeof(Elf64_Sym) || section.sh_link >= sections_.size()) continue;
      const Elf64_Shdr& strings = sections_[section.sh_link];
      if (strings.sh_type != SHT_STRTAB || !Fits(strings)) continue;
      tables.push_back({.dynamic = wanted == SHT_DYNSYM,
                        .offset = section.sh_offset,
                        .count = section.sh_size / sizeof(Elf64_Sym),
                        .strings_offset = strings.sh_offset,
                        .strings_size = strings.sh_size});
      break;  // the ABI allows one of each
    }
  }
  return tables;
}

std::optional<ElfSections::Content> ElfSections::Find(std::string_view name) const {
  if (names_ >= sections_.size() || !Fits(sections_[names_])) return std::nullopt;
  const Elf64_Shdr& strings = sections_[names_];
  std::string found(name.size() + 1, '\0');  // with the zero that ends it
  for (const Elf64_Shdr& section : sections_) {
    if (section.sh_name >= strings.sh_size || strings.sh_size - section.sh_name < found.size()) {
      continue;
    }
    if (file_->ReadAt(strings.sh_offset + section.sh_name, found.data(), found.size()) ==
            found.size() &&
        found.back() == '\0' && std::string_view(found).substr(0, name.size()) == name &&
        Fits(section)) {
      return Content{section.sh_offset, section.sh_size};
    }
  }
  return std::nullopt;
}

uint64_t ElfSections::EndOfSection(uint16_t index, uint64_t address) const {
  if (index >= sections_.size()) return 0;
  const Elf64_Shdr& section = sections_[index];
  const bool inside = (section.sh_flags & SHF_ALLOC) != 0 && address >= section.sh_addr &&
                      address - section.sh_addr < section.sh_size;
  if (!inside || section.sh_size > UINT64_MAX - section.sh_addr) return 0;
  return section.sh_addr + section.sh_size;
}

std::string ElfSections::BuildId() const {
  for (const Elf64_Shdr& section : sections_) {
    if (section.sh_type != SHT_NOTE || !Fits(section) || section.sh_size > kMaxNoteBytes) continue;
    uint64_t offset = 0;
    Elf64_Nhdr note;
    while (section.sh_size - offset >= sizeof(note) &&
           os::ReadValueAt(*file_, section.sh_offset + offset, &note)) {
      offset += sizeof(note);
      const uint64_t size = AlignTo4(note.n_namesz) + AlignTo4(note.n_descsz);
      if (size > section.sh_size - offset) break;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          note.n_descsz <= kMaxBuildIdBytes) {
        std::string id(note.n_descsz, '\0');
        const size_t read = file_->ReadAt(section.sh_offset + offset + 4, id.data(), id.size());
        return read == id.size() ? id : std::string();
      }
      offset += size;
    }
  }
  return {};
}

}  // namespace lambent
