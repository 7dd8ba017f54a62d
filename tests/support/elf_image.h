// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lambent::support {

// Builds a small ELF file in memory: one .text of 4096 bytes at 0x1000, the symbols asked for in
// .symtab, others in .dynsym, a build id, and named sections. Symbols of the same name share it.
// Thread-compatible.
class ElfImage {
 public:
  static constexpr uint64_t kTextStart = 0x1000;

  ElfImage& Function(std::string_view name, uint64_t start, uint64_t size, int bind = STB_GLOBAL,
                     int type = STT_FUNC) {
    symbols_.push_back({NumberOf(name), start, size, bind, type});
    return *this;
  }
  ElfImage& DynamicFunction(std::string_view name, uint64_t start, uint64_t size) {
    dynamic_.push_back({NumberOf(name), start, size, STB_GLOBAL, STT_FUNC});
    return *this;
  }
  ElfImage& BuildId(std::string_view id) {
    build_id_ = id;
    return *this;
  }

  ElfImage& Section(std::string_view name, std::string_view content) {
    named_.emplace_back(name, content);
    return *this;
  }

  std::string Build() const {
    std::string out(sizeof(Elf64_Ehdr), '\0');
    std::vector<Elf64_Shdr> sections(1, Elf64_Shdr{});
    Elf64_Shdr text{};
    text.sh_type = SHT_PROGBITS;
    text.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    text.sh_addr = kTextStart;
    text.sh_offset = out.size();
    text.sh_size = 4096;
    out.append(text.sh_size, '\x90');
    sections.push_back(text);
    AddNote(&out, &sections);
    if (!symbols_.empty()) AddTable(symbols_, SHT_SYMTAB, &out, &sections);
    if (!dynamic_.empty()) AddTable(dynamic_, SHT_DYNSYM, &out, &sections);

    const auto names = static_cast<Elf64_Half>(AddNamed(&out, &sections));

    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
#if defined(__x86_64__)
    header.e_machine = EM_X86_64;
#else
    header.e_machine = EM_AARCH64;
#endif
    header.e_shoff = out.size();
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shstrndx = names;
    header.e_shnum = static_cast<Elf64_Half>(sections.size());
    std::memcpy(out.data(), &header, sizeof(header));
    out.append(reinterpret_cast<const char*>(sections.data()),
               sections.size() * sizeof(Elf64_Shdr));
    return out;
  }

 private:
  struct Symbol {
    size_t name;  // in names_
    uint64_t start;
    uint64_t size;
    int bind;
    int type;
  };

  size_t NumberOf(std::string_view name) {
    const auto [number, is_new] = numbers_.try_emplace(std::string(name), names_.size());
    if (is_new) names_.emplace_back(name);
    return number->second;
  }

  void AddNote(std::string* out, std::vector<Elf64_Shdr>* sections) const {
    if (build_id_.empty()) return;
    Elf64_Shdr section{};
    section.sh_type = SHT_NOTE;
    section.sh_offset = out->size();
    const Elf64_Nhdr note{4, static_cast<Elf64_Word>(build_id_.size()), NT_GNU_BUILD_ID};
    out->append(reinterpret_cast<const char*>(&note), sizeof(note));
    out->append("GNU\0", 4);
    out->append(build_id_);
    out->resize((out->size() + 3) & ~size_t{3});
    section.sh_size = out->size() - section.sh_offset;
    sections->push_back(section);
  }

  // Returns the number of the section with the names, 0: no section has one.
  size_t AddNamed(std::string* out, std::vector<Elf64_Shdr>* sections) const {
    if (named_.empty()) return SHN_UNDEF;
    std::string names(1, '\0');
    for (const auto& [name, content] : named_) {
      Elf64_Shdr section{};
      section.sh_name = static_cast<Elf64_Word>(names.size());
      section.sh_type = SHT_PROGBITS;
      section.sh_offset = out->size();
      section.sh_size = content.size();
      names.append(name).push_back('\0');
      out->append(content);
      sections->push_back(section);
    }
    Elf64_Shdr table{};
    table.sh_type = SHT_STRTAB;
    table.sh_offset = out->size();
    table.sh_size = names.size();
    out->append(names);
    sections->push_back(table);
    return sections->size() - 1;
  }

  void AddTable(const std::vector<Symbol>& symbols, Elf64_Word type, std::string* out,
                std::vector<Elf64_Shdr>* sections) const {
    std::string strings(1, '\0');
    std::map<size_t, Elf64_Word> places;  // of names in `strings`
    Elf64_Shdr table{};
    table.sh_type = type;
    table.sh_offset = out->size();
    table.sh_entsize = sizeof(Elf64_Sym);
    table.sh_link = static_cast<Elf64_Word>(sections->size() + 1);
    out->append(sizeof(Elf64_Sym), '\0');  // symbol 0 is none
    for (const Symbol& symbol : symbols) {
      Elf64_Sym entry{};
      const auto [place, is_new] =
          places.try_emplace(symbol.name, static_cast<Elf64_Word>(strings.size()));
      if (is_new) strings.append(names_[symbol.name]).push_back('\0');
      entry.st_name = place->second;
      entry.st_info = static_cast<unsigned char>(ELF64_ST_INFO(symbol.bind, symbol.type));
      entry.st_shndx = 1;
      entry.st_value = symbol.start;
      entry.st_size = symbol.size;
      out->append(reinterpret_cast<const char*>(&entry), sizeof(entry));
    }
    table.sh_size = out->size() - table.sh_offset;
    sections->push_back(table);
    Elf64_Shdr names{};
    names.sh_type = SHT_STRTAB;
    names.sh_offset = out->size();
    names.sh_size = strings.size();
    out->append(strings);
    sections->push_back(names);
  }

  std::vector<std::string> names_;
  std::map<std::string, size_t> numbers_;  // by name
  std::vector<Symbol> symbols_;
  std::vector<Symbol> dynamic_;
  std::vector<std::pair<std::string, std::string>> named_;
  std::string build_id_;
};

}  // namespace lambent::support
