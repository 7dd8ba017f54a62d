// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/elf_image.h"

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"

namespace lambent {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#else
constexpr uint16_t kMachine = EM_AARCH64;
#endif

constexpr uint64_t kPage = 4096;  // the smallest: a mapping's offset is rounded down to its page
constexpr uint64_t kMaxNoteBytes = 64 * 1024;
constexpr uint64_t kMaxBuildIdBytes = 64;
constexpr uint16_t kMaxSections = 4096;
constexpr uint64_t kMaxSymbols = 4'000'000;
constexpr uint64_t kMaxStringsBytes = 32 << 20;
constexpr uint64_t kStringsBlockBytes = 64 * 1024;
constexpr size_t kMaxPlaces = 64;

// The build id in the notes at `text`; empty when it is not there.
std::string BuildIdInNotes(std::string_view notes) {
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr header;
    std::memcpy(&header, notes.data(), sizeof(header));
    const uint64_t name_size = (uint64_t{header.n_namesz} + 3) & ~uint64_t{3};
    const uint64_t content_size = (uint64_t{header.n_descsz} + 3) & ~uint64_t{3};
    notes.remove_prefix(sizeof(header));
    if (name_size > notes.size() || content_size > notes.size() - name_size) return {};
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 &&
        notes.substr(0, 4) == std::string_view("GNU\0", 4) && header.n_descsz <= kMaxBuildIdBytes) {
      return std::string(notes.substr(name_size, header.n_descsz));
    }
    notes.remove_prefix(name_size + content_size);
  }
  return {};
}

}  // namespace

absl::StatusOr<ElfImage> ElfImage::Parse(const os::FileBytes& file) {
  ElfImage image(file);
  Elf64_Ehdr& header = image.header_;
  if (!os::ReadValueAt(file, 0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return absl::InvalidArgumentError("reading an ELF header: not a 64-bit little-endian ELF file");
  }
  if (header.e_machine != kMachine) {
    return absl::InvalidArgumentError("reading an ELF header: for another machine");
  }
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > kMaxSegments) {
    return absl::InvalidArgumentError("reading an ELF header: odd program headers");
  }
  image.segments_.resize(header.e_phnum);
  const size_t bytes = image.segments_.size() * sizeof(Elf64_Phdr);
  if (file.ReadAt(header.e_phoff, image.segments_.data(), bytes) != bytes) {
    return absl::InvalidArgumentError("reading ELF program headers: outside the file");
  }
  image.low_ = UINT64_MAX;
  for (const Elf64_Phdr& segment : image.segments_) {
    if (segment.p_type != PT_LOAD || segment.p_vaddr + segment.p_memsz < segment.p_vaddr) continue;
    image.low_ = std::min(image.low_, segment.p_vaddr);
    image.high_ = std::max(image.high_, segment.p_vaddr + segment.p_memsz);
  }
  if (image.low_ > image.high_) image.low_ = image.high_ = 0;
  return image;
}

std::string ElfImage::BuildId() const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_NOTE) continue;
    std::string notes(std::min(segment.p_filesz, kMaxNoteBytes), '\0');
    notes.resize(file_->ReadAt(segment.p_offset, notes.data(), notes.size()));
    std::string id = BuildIdInNotes(notes);
    if (!id.empty()) return id;
  }
  return {};
}

std::optional<uint64_t> ElfImage::LoadBias(uint64_t mapping_start, uint64_t file_offset) const {
  for (const bool executable : {true, false}) {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type != PT_LOAD || ((segment.p_flags & PF_X) != 0) != executable) continue;
      const uint64_t start = segment.p_offset & ~(kPage - 1);
      if (file_offset < start || file_offset - start >= segment.p_filesz + kPage) continue;
      // p_vaddr and p_offset are equal modulo the page size, so this holds for a rounded offset
      // too.
      return mapping_start - (segment.p_vaddr - segment.p_offset + file_offset);
    }
  }
  return std::nullopt;
}

std::optional<Elf64_Sym> ElfImage::FindSymbol(std::string_view name) const {
  if (header_.e_shentsize != sizeof(Elf64_Shdr) || header_.e_shnum > kMaxSections || name.empty() ||
      name.size() > kMaxNameBytes) {
    return std::nullopt;
  }
  std::vector<Elf64_Shdr> sections(header_.e_shnum);
  sections.resize(
      file_->ReadAt(header_.e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr)) /
      sizeof(Elf64_Shdr));
  for (const uint32_t type : {uint32_t{SHT_DYNSYM}, uint32_t{SHT_SYMTAB}}) {
    for (const Elf64_Shdr& section : sections) {
      if (section.sh_type != type || section.sh_link >= sections.size()) continue;
      auto found = FindIn(section, sections[section.sh_link], name);
      if (found.has_value()) return found;
    }
  }
  return std::nullopt;
}

std::optional<Elf64_Sym> ElfImage::FindIn(const Elf64_Shdr& table, const Elf64_Shdr& strings,
                                          std::string_view name) const {
  const std::vector<uint64_t> places = PlacesOf(name, strings);
  if (places.empty()) return std::nullopt;
  const uint64_t count = std::min(table.sh_size / sizeof(Elf64_Sym), kMaxSymbols);
  std::vector<Elf64_Sym> batch(1024);
  for (uint64_t done = 0; done < count;) {
    const size_t want = static_cast<size_t>(std::min<uint64_t>(batch.size(), count - done));
    const size_t got = file_->ReadAt(table.sh_offset + done * sizeof(Elf64_Sym), batch.data(),
                                     want * sizeof(Elf64_Sym)) /
                       sizeof(Elf64_Sym);
    if (got == 0) break;
    for (size_t i = 0; i < got; ++i) {
      if (batch[i].st_shndx == SHN_UNDEF) continue;
      if (std::find(places.begin(), places.end(), batch[i].st_name) != places.end()) {
        return batch[i];
      }
    }
    done += got;
  }
  return std::nullopt;
}

std::vector<uint64_t> ElfImage::PlacesOf(std::string_view name, const Elf64_Shdr& strings) const {
  std::vector<uint64_t> places;
  const std::string wanted = std::string(name) + '\0';
  const uint64_t size = std::min({strings.sh_size, kMaxStringsBytes, file_->size()});
  // Blocks overlap by what a name may begin with at the end of one.
  std::vector<char> block(static_cast<size_t>(std::min<uint64_t>(size, kStringsBlockBytes)));
  for (uint64_t at = 0; at + wanted.size() <= size;) {
    const size_t want = static_cast<size_t>(std::min<uint64_t>(block.size(), size - at));
    const size_t got = file_->ReadAt(strings.sh_offset + at, block.data(), want);
    const char* const end = block.data() + got;
    const char* from = block.data();
    while (places.size() < kMaxPlaces) {
      const void* const found =
          memmem(from, static_cast<size_t>(end - from), wanted.data(), wanted.size());
      if (found == nullptr) break;
      from = static_cast<const char*>(found);
      places.push_back(at + static_cast<uint64_t>(from++ - block.data()));
    }
    if (got < want || got < wanted.size() || at + got >= size) break;
    at += got - (wanted.size() - 1);
  }
  return places;
}

bool ElfImage::ReadAddress(uint64_t address, void* into, size_t size) const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    const uint64_t within = address - segment.p_vaddr;
    if (within > segment.p_filesz || size > segment.p_filesz - within) continue;
    return file_->ReadAt(segment.p_offset + within, into, size) == size;
  }
  return false;
}

}  // namespace lambent
