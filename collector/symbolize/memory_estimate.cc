// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/symbolize/memory_estimate.h"

#include <dwarf.h>
#include <gelf.h>

#include <algorithm>
#include <string_view>

namespace lambent::collector {
namespace {

constexpr size_t kUnitBytes = 24576;
constexpr size_t kLineBytes = 48;
constexpr size_t kLineFileBytes = 128;
// More than a section may claim.
constexpr uint64_t kMostBytes = uint64_t{1} << 62;

// Of a section in GNU's older format: its name begins with .zdebug, its content with "ZLIB" and the
// size, big-endian.
uint64_t ClaimedByGnuHeader(Elf_Scn* section) {
  constexpr size_t kMagicBytes = 4;
  constexpr size_t kHeaderBytes = 12;
  const Elf_Data* const raw = elf_rawdata(section, nullptr);
  if (raw == nullptr || raw->d_buf == nullptr || raw->d_size < kHeaderBytes) return 0;
  const std::string_view head(static_cast<const char*>(raw->d_buf), kHeaderBytes);
  if (head.substr(0, kMagicBytes) != "ZLIB") return 0;
  uint64_t size = 0;
  for (const char byte : head.substr(kMagicBytes)) {
    size = size << 8 | static_cast<unsigned char>(byte);
  }
  return size;
}

}  // namespace

size_t AskedUnitBytes(Dwarf_Die* unit) {
  size_t bytes = kUnitBytes;
  Dwarf_Lines* lines = nullptr;
  size_t count = 0;
  if (dwarf_getsrclines(unit, &lines, &count) == 0) bytes += count * kLineBytes;
  Dwarf_Files* files = nullptr;
  if (dwarf_getsrcfiles(unit, &files, &count) == 0) bytes += count * kLineFileBytes;
  uint8_t type = 0;
  if (dwarf_cu_info(unit->cu, nullptr, &type, nullptr, nullptr, nullptr, nullptr, nullptr) == 0 &&
      type == DW_UT_split_compile) {
    size_t file_bytes = 0;
    elf_rawfile(dwarf_getelf(dwarf_cu_getdwarf(unit->cu)), &file_bytes);
    bytes += file_bytes;
  }
  return bytes;
}

uint64_t ExpandedBytes(Elf* elf) {
  size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return 0;
  uint64_t bytes = 0;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    uint64_t claimed = 0;
    GElf_Chdr compression;
    if ((header.sh_flags & SHF_COMPRESSED) != 0) {
      if (gelf_getchdr(section, &compression) != nullptr) claimed = compression.ch_size;
    } else if (const char* const name = elf_strptr(elf, names, header.sh_name);
               name != nullptr && std::string_view(name).substr(0, 7) == ".zdebug") {
      claimed = ClaimedByGnuHeader(section);
    }
    bytes = std::min(bytes, kMostBytes) + std::min(claimed, kMostBytes);
  }
  return bytes;
}

}  // namespace lambent::collector
