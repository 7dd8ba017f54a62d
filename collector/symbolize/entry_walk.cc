// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/symbolize/entry_walk.h"

#include <dwarf.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace lambent::collector {
namespace {

// Of one entry; a function in more pieces is not made by a compiler.
constexpr int kMaxRanges = 65536;
// From an instance to its declaration: two steps are usual, an inlined constructor takes three.
constexpr int kMaxReferences = 16;

// From an instance one step towards its declaration.
bool FollowReference(Dwarf_Die* entry) {
  Dwarf_Attribute reference;
  if (dwarf_attr(entry, DW_AT_abstract_origin, &reference) == nullptr &&
      dwarf_attr(entry, DW_AT_specification, &reference) == nullptr) {
    return false;
  }
  Dwarf_Die next;
  if (dwarf_formref_die(&reference, &next) == nullptr) return false;
  *entry = next;
  return true;
}

}  // namespace

void ForEachCodeRange(Dwarf_Die* entry, absl::FunctionRef<void(uint64_t, uint64_t)> visit) {
  Dwarf_Addr base = 0;
  Dwarf_Addr low = 0;
  Dwarf_Addr high = 0;
  ptrdiff_t at = 0;
  for (int i = 0; i < kMaxRanges; ++i) {
    at = dwarf_ranges(entry, at, &base, &low, &high);
    if (at <= 0) return;
    // The linker leaves 0 where it left the code out.
    if (low != 0 && low < high) visit(low, high);
  }
}

uint64_t ConstantOf(Dwarf_Die* entry, unsigned attribute) {
  Dwarf_Attribute found;
  Dwarf_Word value = 0;
  if (dwarf_attr(entry, attribute, &found) == nullptr) return 0;
  return dwarf_formudata(&found, &value) == 0 ? value : 0;
}

std::string FileOf(Dwarf_Die* entry, unsigned attribute, Dwarf_Die* unit) {
  Dwarf_Attribute found;
  Dwarf_Word number = 0;
  Dwarf_Files* files = nullptr;
  size_t count = 0;
  if (dwarf_attr(entry, attribute, &found) == nullptr || dwarf_formudata(&found, &number) != 0 ||
      dwarf_getsrcfiles(unit, &files, &count) != 0 || number >= count) {
    return "";
  }
  const char* const name = dwarf_filesrc(files, number, nullptr, nullptr);
  // Before DWARF 5, 0 is no file, and libdw calls it so.
  return name == nullptr || std::string_view(name) == "???" ? std::string() : BoundedText(name);
}

SourceLine DeclaredLineOf(const Dwarf_Die& entry) {
  SourceLine place;
  Dwarf_Die at = entry;
  for (int i = 0; i < kMaxReferences && (place.file.empty() || place.number == 0); ++i) {
    Dwarf_Die unit;
    if (place.file.empty() && dwarf_diecu(&at, &unit, nullptr, nullptr) != nullptr) {
      place.file = FileOf(&at, DW_AT_decl_file, &unit);
    }
    // A definition names its file only where it is not its declaration's.
    if (place.number == 0) place.number = static_cast<uint32_t>(ConstantOf(&at, DW_AT_decl_line));
    if (!FollowReference(&at)) break;
  }
  return place;
}

Dwarf_Die DeclarationOf(const Dwarf_Die& entry) {
  Dwarf_Die at = entry;
  for (int i = 0; i < kMaxReferences && FollowReference(&at); ++i) {
  }
  return at;
}

std::string LinkageNameOf(Dwarf_Die* entry) {
  for (const unsigned attribute : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    Dwarf_Attribute found;
    if (dwarf_attr_integrate(entry, attribute, &found) == nullptr) continue;
    if (const char* const name = dwarf_formstring(&found)) return BoundedText(name);
  }
  return "";
}

}  // namespace lambent::collector
