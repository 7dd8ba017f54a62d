// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/function_tables.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace lambent {
namespace {

// Symbols read at once: 6 KiB, on the stack.
constexpr size_t kSymbolsPerRead = 256;

bool IsFunction(const Elf64_Sym& symbol) {
  const unsigned char type = ELF64_ST_TYPE(symbol.st_info);
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF &&
         symbol.st_shndx < SHN_LORESERVE;
}

}  // namespace

uint64_t EndOf(const Elf64_Sym& symbol) {
  return symbol.st_size > UINT64_MAX - symbol.st_value ? UINT64_MAX
                                                       : symbol.st_value + symbol.st_size;
}

absl::StatusOr<std::unique_ptr<FunctionTables::Image>> FunctionTables::ImageOf(
    std::unique_ptr<os::FileBytes> file) {
  absl::StatusOr<ElfSections> sections = ElfSections::Parse(*file);
  if (!sections.ok()) return sections.status();
  return std::make_unique<Image>(Image{std::move(file), *std::move(sections)});
}

absl::StatusOr<FunctionTables> FunctionTables::Open(std::unique_ptr<os::FileBytes> file) {
  absl::StatusOr<std::unique_ptr<Image>> image = ImageOf(std::move(file));
  if (!image.ok()) return image.status();
  FunctionTables tables;
  const std::vector<SymbolTable> found = (*image)->sections.SymbolTables();
  if (!found.empty()) tables.tables_.push_back({0, found.front()});
  tables.may_have_more_ = found.empty() || found.front().dynamic;
  tables.images_.push_back(*std::move(image));
  return tables;
}

bool FunctionTables::AddMiniDebugInfo(MiniDebugInfoBudget& budget) {
  if (!std::exchange(may_have_more_, false)) return false;
  absl::StatusOr<std::string> bytes =
      ReadMiniDebugInfo(*images_[0]->file, images_[0]->sections, budget);
  if (!bytes.ok()) return false;
  absl::StatusOr<std::unique_ptr<Image>> image =
      ImageOf(std::make_unique<os::MemoryFileBytes>(*std::move(bytes)));
  if (!image.ok()) return false;
  const std::vector<SymbolTable> found = (*image)->sections.SymbolTables();
  if (found.empty() || found.front().dynamic) return false;
  tables_.push_back({images_.size(), found.front()});
  images_.push_back(*std::move(image));
  return true;
}

void FunctionTables::ForEachFunction(size_t table,
                                     absl::FunctionRef<void(const Elf64_Sym&)> visit) const {
  const SymbolTable& place = tables_[table].place;
  const os::FileBytes& file = *images_[tables_[table].image]->file;
  std::array<Elf64_Sym, kSymbolsPerRead> symbols;
  const uint64_t count = std::min(place.count, kMaxSymbols);
  for (uint64_t first = 0; first < count; first += kSymbolsPerRead) {
    const size_t asked = std::min<uint64_t>(kSymbolsPerRead, count - first);
    const size_t read = file.ReadAt(place.offset + first * sizeof(Elf64_Sym), symbols.data(),
                                    asked * sizeof(Elf64_Sym)) /
                        sizeof(Elf64_Sym);
    for (size_t i = 0; i < read; ++i) {
      if (IsFunction(symbols[i])) visit(symbols[i]);
    }
    if (read < asked) return;  // the file shrank
  }
}

std::string FunctionTables::Name(size_t table, const Elf64_Sym& symbol, size_t max_bytes) const {
  const SymbolTable& strings = tables_[table].place;
  const os::FileBytes& file = *images_[tables_[table].image]->file;
  std::string name;
  if (symbol.st_name >= strings.strings_size) return name;
  const uint64_t left = strings.strings_size - symbol.st_name;
  // Almost all names end within the first piece.
  std::array<char, 256> piece;
  while (name.size() < std::min<uint64_t>(left, max_bytes)) {
    const size_t asked =
        std::min<uint64_t>({piece.size(), left - name.size(), max_bytes - name.size()});
    const size_t read =
        file.ReadAt(strings.strings_offset + symbol.st_name + name.size(), piece.data(), asked);
    const std::string_view text(piece.data(), read);
    name.append(text.substr(0, text.find('\0')));
    if (read < asked || text.find('\0') != std::string_view::npos) break;
  }
  return name;
}

}  // namespace lambent
