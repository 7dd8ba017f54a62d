// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/profiler/unwind/cfi_bytes.h"

namespace lambent {

// Builds a small ELF file in memory: 8 KB of code (nops, calls) from kText on and rules for
// functions in it. Thread-compatible.
class CfiImage {
 public:
  static constexpr uint64_t kText = 0x1000;
  static constexpr uint64_t kTextBytes = 0x2000;
  static constexpr uint64_t kRules = kText + kTextBytes;

  enum class Form {
    kTable,       // .eh_frame with its sorted table
    kSection,     // .eh_frame without one
    kDebugFrame,  // .debug_frame, not loaded
  };

  // What the function at kText + `start` says. `signal`: the kernel calls it.
  CfiImage& Function(uint64_t start, uint64_t size, std::string instructions, bool signal = false) {
    functions_.push_back({start, size, std::move(instructions), signal});
    return *this;
  }
  // All of its functions are as on aarch64: where they return to is in the link register at first.
  CfiImage& ReturnsInLinkRegister() {
    return_in_link_ = true;
    return *this;
  }
  // Bytes of code.
  CfiImage& Code(uint64_t start, std::string bytes) {
    code_.emplace_back(start, std::move(bytes));
    return *this;
  }

  std::string Build(Form form) const {
    std::string file(kRules, '\x90');
    for (const auto& [start, bytes] : code_) file.replace(kText + start, bytes.size(), bytes);
    std::vector<std::pair<int64_t, int64_t>> table;
    const bool debug = form == Form::kDebugFrame;
    for (const Function_& function : functions_) {
      const uint64_t cie = file.size();
      AddEntry(debug ? UINT32_MAX : 0, CieContent(function.signal, debug), &file);
      const uint64_t fde = file.size();
      CfiBytes content;
      if (debug) {
        content.Value(kText + function.start).Value(function.size);
      } else {
        content.Value(static_cast<int32_t>(kText + function.start - (fde + 8)));
        content.Value(static_cast<uint32_t>(function.size)).Uleb(0);
      }
      content.Text(function.instructions);
      const uint64_t id = debug ? cie - kRules : fde + 4 - cie;
      AddEntry(static_cast<uint32_t>(id), content.str(), &file);
      table.emplace_back(kText + function.start, fde);
    }
    const uint64_t rules_end = file.size();
    if (form == Form::kTable) AddTable(&table, &file);
    return Finish(form, rules_end, std::move(file));
  }

  // A file with `rules` as they are in the place of such sections; kTable: as .eh_frame_hdr, with
  // all it points at behind.
  static std::string Wrap(Form form, const std::string& rules) {
    std::string file(kRules, '\x90');
    file += rules;
    const uint64_t end = form == Form::kTable ? kRules : file.size();
    return Finish(form, end, std::move(file));
  }

 private:
  struct Function_ {
    uint64_t start;
    uint64_t size;
    std::string instructions;
    bool signal;
  };

  static void AddEntry(uint32_t id, std::string content, std::string* file) {
    content.resize((content.size() + 3) & ~size_t{3}, '\0');
    CfiBytes head;
    head.Value(static_cast<uint32_t>(content.size() + 4)).Value(id);
    *file += head.str() + content;
  }

  // CFA = stack pointer + 8, return address at CFA - 8, by x86-64's numbers; or CFA = stack
  // pointer, return address in register 30, by aarch64's.
  std::string CieContent(bool signal, bool debug) const {
    CfiBytes cie;
    cie.Byte(1);
    cie.Text(debug ? std::string(1, '\0') : signal ? std::string("zRS", 4) : std::string("zR", 3));
    cie.Uleb(1).Sleb(-8).Byte(return_in_link_ ? 30 : 16);
    if (!debug) cie.Uleb(1).Byte(0x1b);
    return_in_link_ ? cie.Bytes({0x0c, 31, 0}) : cie.Bytes({0x0c, 7, 8, 0x90, 1});
    return cie.str();
  }

  static void AddTable(std::vector<std::pair<int64_t, int64_t>>* table, std::string* file) {
    const auto header = static_cast<int64_t>(file->size());
    std::sort(table->begin(), table->end());
    CfiBytes bytes;
    bytes.Bytes({1, 0x1b, 0x03, 0x3b}).Value(static_cast<int32_t>(kRules - file->size() - 4));
    bytes.Value(static_cast<uint32_t>(table->size()));
    for (const auto& [start, fde] : *table) {
      bytes.Value(static_cast<int32_t>(start - header)).Value(static_cast<int32_t>(fde - header));
    }
    *file += bytes.str();
  }

  static std::string Finish(Form form, uint64_t rules_end, std::string file) {
    const uint64_t loaded = file.size();
    const std::string names("\0.eh_frame\0.debug_frame\0", 24);
    Elf64_Ehdr header{};
    std::copy_n(ELFMAG, SELFMAG, header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_DYN;
#if defined(__x86_64__)
    header.e_machine = EM_X86_64;
#else
    header.e_machine = EM_AARCH64;
#endif
    header.e_phoff = sizeof(header);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    Elf64_Phdr segments[2]{};
    segments[0].p_type = PT_LOAD;
    segments[0].p_flags = PF_R | PF_X;
    segments[0].p_filesz = segments[0].p_memsz = form == Form::kDebugFrame ? kRules : loaded;
    if (form == Form::kTable) {
      segments[1].p_type = PT_GNU_EH_FRAME;
      segments[1].p_vaddr = segments[1].p_offset = rules_end;
      segments[1].p_filesz = segments[1].p_memsz = loaded - rules_end;
    }
    Elf64_Shdr sections[3]{};
    sections[1].sh_type = SHT_STRTAB;
    sections[1].sh_offset = file.size();
    sections[1].sh_size = names.size();
    sections[2].sh_type = SHT_PROGBITS;
    sections[2].sh_name = form == Form::kDebugFrame ? 11 : 1;
    sections[2].sh_flags = form == Form::kDebugFrame ? 0 : SHF_ALLOC;
    sections[2].sh_addr = form == Form::kDebugFrame ? 0 : kRules;
    sections[2].sh_offset = kRules;
    sections[2].sh_size = rules_end - kRules;
    file += names;
    header.e_shoff = file.size();
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 3;
    header.e_shstrndx = 1;
    file.append(reinterpret_cast<const char*>(sections), sizeof(sections));
    file.replace(0, sizeof(header), reinterpret_cast<const char*>(&header), sizeof(header));
    file.replace(sizeof(header), sizeof(segments), reinterpret_cast<const char*>(segments),
                 sizeof(segments));
    return file;
  }

  std::vector<Function_> functions_;
  std::vector<std::pair<uint64_t, std::string>> code_;
  bool return_in_link_ = false;
};

}  // namespace lambent
