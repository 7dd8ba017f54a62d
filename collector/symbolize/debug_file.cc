// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/symbolize/debug_file.h"

#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#include "collector/symbolize/memory_estimate.h"

namespace lambent::collector {
namespace {

absl::Status LibdwError(const char* what) {
  const int error = dwarf_errno();
  return absl::DataLossError(
      absl::StrCat(what, ": ", error == 0 ? "unknown error" : dwarf_errmsg(error)));
}

bool IsBlock(int tag) {
  return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DebugFile>> DebugFile::Read(const os::FileBytes& file, Room room) {
  char magic[SELFMAG];
  if (!os::ReadValueAt(file, 0, &magic) || std::memcmp(magic, ELFMAG, SELFMAG) != 0) {
    return absl::InvalidArgumentError("read ELF file: it is none");
  }
  if (file.size() > kMaxFileBytes || !room(file.size())) {
    return absl::ResourceExhaustedError(
        absl::StrCat("read ELF file: there is no room for its ", file.size(), " bytes"));
  }
  std::vector<char> image(file.size());
  image.resize(file.ReadAt(0, image.data(), image.size()));
  elf_version(EV_CURRENT);
  Elf* const elf = elf_memory(image.data(), image.size());
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF) {
    elf_end(elf);
    return absl::InvalidArgumentError("read ELF file: libelf does not take it for one");
  }
  const uint64_t expanded = ExpandedBytes(elf);
  if (!room(expanded)) {
    elf_end(elf);
    return absl::ResourceExhaustedError(absl::StrCat("read ELF file: there is no room for ",
                                                     expanded, " bytes that it holds compressed"));
  }
  return std::unique_ptr<DebugFile>(new DebugFile(std::move(image), elf, expanded));
}

DebugFile::DebugFile(std::vector<char> image, Elf* elf, uint64_t expanded_bytes)
    : image_(std::move(image)), elf_(elf), expanded_bytes_(expanded_bytes) {
  const void* id = nullptr;
  const ssize_t size = dwelf_elf_gnu_build_id(elf_, &id);
  if (size > 0) build_id_.assign(static_cast<const char*>(id), static_cast<size_t>(size));
  dwarf_ = dwarf_begin_elf(elf_, DWARF_C_READ, nullptr);
  Dwarf_CU* first = nullptr;
  if (dwarf_ != nullptr &&
      dwarf_get_units(dwarf_, nullptr, &first, nullptr, nullptr, nullptr, nullptr) != 0) {
    dwarf_end(std::exchange(dwarf_, nullptr));  // sections with nothing in them
  }
}

DebugFile::~DebugFile() {
  if (dwarf_ != nullptr) dwarf_end(dwarf_);
  elf_end(elf_);
}

size_t DebugFile::bytes() const {
  return image_.size() + expanded_bytes_ + units_.capacity() * sizeof(UnitRange) + unit_bytes_ +
         (shared_ != nullptr ? shared_->bytes() : 0);
}

std::optional<DebugFile::Link> DebugFile::link() const {
  GElf_Word checksum = 0;
  const char* const name = dwelf_elf_gnu_debuglink(elf_, &checksum);
  if (name == nullptr || *name == '\0' || std::strchr(name, '/') != nullptr) return std::nullopt;
  return Link{BoundedText(name), checksum};
}

std::string DebugFile::shared_build_id() const {
  const char* name = nullptr;
  const void* id = nullptr;
  const ssize_t size = dwarf_ == nullptr ? 0 : dwelf_dwarf_gnu_debugaltlink(dwarf_, &name, &id);
  if (size <= 0) return "";
  return {static_cast<const char*>(id), static_cast<size_t>(size)};
}

void DebugFile::UseShared(std::unique_ptr<DebugFile> shared) {
  shared_ = std::move(shared);
  if (dwarf_ != nullptr) dwarf_setalt(dwarf_, shared_->dwarf_);
}

void DebugFile::ReadUnits() {
  units_read_ = true;
  Dwarf_CU* unit = nullptr;
  for (size_t i = 0; i < kMaxUnits; ++i) {
    uint8_t type = 0;
    Dwarf_Die whole;
    if (dwarf_get_units(dwarf_, unit, &unit, nullptr, &type, &whole, nullptr) != 0) break;
    unit_bytes_ += kListedUnitBytes;
    if (type != DW_UT_compile && type != DW_UT_skeleton) continue;
    ForEachCodeRange(&whole, [&](uint64_t low, uint64_t high) {
      if (units_.size() < kMaxUnitRanges) units_.push_back({low, high, unit});
    });
  }
  std::sort(units_.begin(), units_.end(),
            [](const UnitRange& a, const UnitRange& b) { return a.low < b.low; });
}

const UnitIndex& DebugFile::IndexOf(Dwarf_Die* unit) {
  std::unique_ptr<UnitIndex>& index = indices_[unit->cu];
  if (index == nullptr) {
    index = std::make_unique<UnitIndex>(unit);
    unit_bytes_ += index->bytes() + AskedUnitBytes(unit);
  }
  return *index;
}

std::string DebugFile::NameOf(Dwarf_Die* function) {
  std::string name = LinkageNameOf(function);
  if (!name.empty()) return name;
  const char* const plain = dwarf_diename(function);
  if (plain == nullptr) return "";
  Dwarf_Die declaration = DeclarationOf(*function);
  Dwarf_Die unit;
  if (dwarf_diecu(&declaration, &unit, nullptr, nullptr) == nullptr) return BoundedText(plain);
  return absl::StrCat(IndexOf(&unit).ScopeOf(&declaration), BoundedText(plain));
}

absl::Status DebugFile::FindInlined(uint64_t address, std::vector<Dwarf_Die>* path) const {
  EntryBudget budget(kMaxEntriesOfAddress);
  Dwarf_Die entry;
  int end = dwarf_child(&path->back(), &entry);
  while (end == 0 && path->size() <= kMaxInlined) {
    if (!budget.Take()) return absl::DataLossError("look for inlined functions: too many entries");
    const bool inlined = dwarf_tag(&entry) == DW_TAG_inlined_subroutine;
    Dwarf_Die next;
    if ((inlined || IsBlock(dwarf_tag(&entry))) && dwarf_haspc(&entry, address) > 0) {
      // Into it: no other entry beside it holds the address.
      if (inlined) path->push_back(entry);
      end = dwarf_child(&entry, &next);
    } else {
      end = dwarf_siblingof(&entry, &next);
    }
    entry = next;
  }
  return absl::OkStatus();
}

SourceFrames DebugFile::FramesOf(std::vector<Dwarf_Die>& path, SourceLine at, Dwarf_Die* unit) {
  SourceFrames frames;
  for (auto function = path.rbegin(); function != path.rend(); ++function) {
    SourceFrame frame;
    frame.function = NameOf(&*function);
    frame.file = std::move(at.file);
    frame.line = at.number;
    SourceLine declared = DeclaredLineOf(*function);
    frame.decl_file = std::move(declared.file);
    frame.decl_line = declared.number;
    frames.push_back(std::move(frame));
    // Its caller executes the call.
    at.file = FileOf(&*function, DW_AT_call_file, unit);
    at.number = static_cast<uint32_t>(ConstantOf(&*function, DW_AT_call_line));
  }
  Dwarf_Addr start = 0;
  if (dwarf_entrypc(&path[0], &start) == 0) frames.back().start = start;
  return frames;
}

absl::StatusOr<SourceFrames> DebugFile::Find(uint64_t address) {
  if (dwarf_ == nullptr) return absl::NotFoundError("look up code: no debugging information");
  if (!units_read_) ReadUnits();
  const auto after = std::upper_bound(
      units_.begin(), units_.end(), address,
      [](uint64_t wanted, const UnitRange& candidate) { return wanted < candidate.low; });
  if (after == units_.begin() || address >= (after - 1)->high) {
    return absl::NotFoundError("look up code: no compilation unit holds the address");
  }
  Dwarf_Die whole;
  Dwarf_Die split{};
  if (dwarf_cu_info((after - 1)->unit, nullptr, nullptr, &whole, &split, nullptr, nullptr,
                    nullptr) != 0) {
    return LibdwError("read a compilation unit");
  }
  // The entries of a unit that was split off are in a file of their own; its lines are here.
  Dwarf_Die* const unit = split.addr != nullptr ? &split : &whole;
  std::vector<Dwarf_Die> path(1);
  if (!IndexOf(unit).Find(address, &path[0])) {
    return absl::NotFoundError("look up code: no function holds the address");
  }
  if (absl::Status found = FindInlined(address, &path); !found.ok()) return found;
  SourceLine at;
  if (Dwarf_Line* const row = dwarf_getsrc_die(&whole, address)) {
    int number = 0;
    if (dwarf_lineno(row, &number) == 0 && number > 0) at.number = static_cast<uint32_t>(number);
    at.file = BoundedText(dwarf_linesrc(row, nullptr, nullptr));
  }
  return FramesOf(path, std::move(at), unit);
}

}  // namespace lambent::collector
