// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

// Debugging information entries ("DIEs", DWARF 5 section 2) by libdw, with bounds: a damaged file
// may send a walk in circles.
namespace lambent::collector {

// How many entries may still be looked at.
class EntryBudget {
 public:
  explicit EntryBudget(size_t entries) : left_(entries) {}
  // False: it is used up.
  bool Take() { return left_ > 0 && left_-- > 0; }
  bool used_up() const { return left_ == 0; }

 private:
  size_t left_;
};

// Longest text taken out of debugging information; the rest is cut off.
inline constexpr size_t kMaxEntryTextBytes = 4096;

inline std::string BoundedText(const char* text) {
  return text == nullptr ? std::string() : std::string(text).substr(0, kMaxEntryTextBytes);
}

// Calls visit(low, high) for each range of code of an entry; none: it has no code.
void ForEachCodeRange(Dwarf_Die* entry, absl::FunctionRef<void(uint64_t, uint64_t)> visit);

// The value of a constant attribute (DW_AT_…) of the entry itself; 0: it has none.
uint64_t ConstantOf(Dwarf_Die* entry, unsigned attribute);

// The file that an attribute of the entry itself numbers; `unit` is the entry's. Not
// dwarf_decl_file: the first file of DWARF 5 has number 0, which that takes for none. Empty: there
// is none.
std::string FileOf(Dwarf_Die* entry, unsigned attribute, Dwarf_Die* unit);

// A place in a file of the source.
struct SourceLine {
  std::string file;
  uint32_t number = 0;
};

// Where a function is written: of the entry or of what it is an instance of.
SourceLine DeclaredLineOf(const Dwarf_Die& entry);

// The entry that says what an instance is an instance of: DW_AT_abstract_origin and
// DW_AT_specification followed to their end.
Dwarf_Die DeclarationOf(const Dwarf_Die& entry);

// DW_AT_linkage_name, of the entry or of what it is an instance of; empty: there is none.
std::string LinkageNameOf(Dwarf_Die* entry);

}  // namespace lambent::collector
