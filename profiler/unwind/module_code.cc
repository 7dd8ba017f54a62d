// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/module_code.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "absl/status/status.h"

namespace lambent {
namespace {

constexpr uint16_t kMaxSegments = 128;
constexpr uint16_t kMaxSections = 1024;
constexpr uint64_t kMaxRuleBytes = 64 << 20;
constexpr uint64_t kPageBytes = 4096;

// Pointer encodings of LSB core, "DWARF Exception Header Encoding".
constexpr uint8_t kUnsigned4 = 0x03;          // DW_EH_PE_udata4
constexpr uint8_t kHeaderRelative4 = 0x3b;    // DW_EH_PE_datarel | DW_EH_PE_sdata4
constexpr uint8_t kPositionRelative4 = 0x1b;  // DW_EH_PE_pcrel | DW_EH_PE_sdata4

// .eh_frame_hdr as every linker for our machines writes it; entries follow.
struct TableHeader {
  uint8_t version;
  uint8_t frame_encoding;
  uint8_t count_encoding;
  uint8_t entry_encoding;
  int32_t frame;
  uint32_t count;
};
constexpr uint64_t kEntryBytes = 8;

}  // namespace

absl::StatusOr<std::unique_ptr<ModuleCode>> ModuleCode::Create(
    std::unique_ptr<os::FileBytes> file) {
  Elf64_Ehdr header;
  if (!os::ReadValueAt(*file, 0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_phentsize != sizeof(Elf64_Phdr)) {
    return absl::InvalidArgumentError("read unwind rules: not a loadable 64-bit ELF file");
  }
  std::unique_ptr<ModuleCode> code(new ModuleCode(std::move(file)));
  Elf64_Phdr rules{};
  for (uint16_t i = 0; i < std::min(header.e_phnum, kMaxSegments); ++i) {
    Elf64_Phdr segment;
    const uint64_t offset = header.e_phoff + uint64_t{i} * sizeof(segment);
    if (offset < header.e_phoff || !os::ReadValueAt(*code->file_, offset, &segment)) break;
    if (segment.p_type == PT_GNU_EH_FRAME) rules = segment;
    if (segment.p_type != PT_LOAD || segment.p_memsz > UINT64_MAX - segment.p_vaddr) continue;
    // Whole pages are mapped: what precedes the segment in its first page is loaded too.
    const uint64_t lead = std::min(segment.p_vaddr % kPageBytes, segment.p_offset);
    code->segments_.push_back({segment.p_vaddr - lead, segment.p_offset - lead,
                               std::min(segment.p_filesz, segment.p_memsz) + lead});
    code->low_ = std::min(code->low_, segment.p_vaddr);
    code->high_ = std::max(code->high_, segment.p_vaddr + segment.p_memsz);
  }
  if (code->segments_.empty()) {
    return absl::InvalidArgumentError("read unwind rules: the file loads nothing");
  }
  if (rules.p_type == PT_GNU_EH_FRAME) code->FindTable(rules);
  return code;
}

void ModuleCode::FindTable(const Elf64_Phdr& header) {
  TableHeader table;
  if (Read(header.p_vaddr, &table, sizeof(table)) != sizeof(table)) return;
  if (table.version != 1 || table.frame_encoding != kPositionRelative4 ||
      table.count_encoding != kUnsigned4 || table.entry_encoding != kHeaderRelative4) {
    return;
  }
  const uint64_t room = header.p_memsz < sizeof(table) ? 0 : header.p_memsz - sizeof(table);
  if (table.count > room / kEntryBytes) return;
  table_ = {
      .header = header.p_vaddr, .entries = header.p_vaddr + sizeof(table), .count = table.count};
}

std::vector<Elf64_Shdr> ModuleCode::ReadSections() const {
  Elf64_Ehdr header;
  if (!os::ReadValueAt(*file_, 0, &header) || header.e_shentsize != sizeof(Elf64_Shdr)) return {};
  std::vector<Elf64_Shdr> sections(std::min(header.e_shnum, kMaxSections));
  const size_t bytes = sections.size() * sizeof(Elf64_Shdr);
  if (file_->ReadAt(header.e_shoff, sections.data(), bytes) != bytes) return {};
  // The names' section goes first, the rest stays as it was.
  if (header.e_shstrndx < sections.size()) std::swap(sections[0], sections[header.e_shstrndx]);
  return sections;
}

std::optional<RuleSection> ModuleCode::FindRuleSection() {
  const std::vector<Elf64_Shdr> sections = ReadSections();
  if (sections.empty()) return std::nullopt;
  std::optional<RuleSection> found;
  for (const Elf64_Shdr& section : sections) {
    char name[16] = {};
    if (section.sh_name > UINT64_MAX - sections[0].sh_offset) continue;
    file_->ReadAt(sections[0].sh_offset + section.sh_name, name, sizeof(name) - 1);
    const std::string_view called(name);
    if (section.sh_size == 0 || section.sh_size > kMaxRuleBytes || section.sh_type == SHT_NOBITS) {
      continue;
    }
    if (called == ".eh_frame" && table_.count == 0 && (section.sh_flags & SHF_ALLOC) != 0) {
      return RuleSection{CfiFormat::kEhFrame, section.sh_addr, section.sh_size};
    }
    if (called == ".debug_frame" && (section.sh_flags & SHF_COMPRESSED) == 0) {
      segments_.push_back({kDebugFrameAddress, section.sh_offset, section.sh_size});
      found = RuleSection{CfiFormat::kDebugFrame, kDebugFrameAddress, section.sh_size};
    }
  }
  return found;
}

size_t ModuleCode::Read(uint64_t address, void* into, size_t size) const {
  for (const Segment& segment : segments_) {
    const uint64_t within = address - segment.address;
    if (address < segment.address || within >= segment.size) continue;
    if (segment.offset > UINT64_MAX - within) return 0;
    const size_t left = static_cast<size_t>(std::min<uint64_t>(size, segment.size - within));
    return file_->ReadAt(segment.offset + within, into, left);
  }
  return 0;
}

}  // namespace lambent
