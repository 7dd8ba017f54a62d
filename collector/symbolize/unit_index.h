// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "collector/symbolize/entry_walk.h"

namespace lambent::collector {

// What has to be known of one compilation unit to find functions in it: which code belongs to
// which, and what encloses their declarations. Made by one walk over the unit's entries, because
// DWARF has neither an index of them nor a way up from an entry: with it an address costs a binary
// search, without it a walk each. Thread-compatible.
class UnitIndex {
 public:
  // Entries of one unit looked at; beyond it functions are missing. A file of C++ and its headers
  // has some 140,000; a program that was optimised as a whole is one unit, or a few.
  static constexpr size_t kMaxEntries = size_t{1} << 25;
  // Pieces of code that its functions are in.
  static constexpr size_t kMaxFunctions = size_t{1} << 22;

  // `unit`: the entry of a whole unit.
  explicit UnitIndex(Dwarf_Die* unit);

  // The function whose code holds `address`; false: none does.
  bool Find(uint64_t address, Dwarf_Die* function) const;

  // "outer::Inner::" for a function declared in class Inner of namespace outer; empty: it is in
  // none, or not of this unit.
  std::string ScopeOf(Dwarf_Die* declaration) const;

  size_t functions() const { return functions_.size(); }
  size_t bytes() const;  // held in memory

 private:
  struct Function {
    uint64_t low = 0;
    uint64_t high = 0;
    Dwarf_Die entry{};
  };
  struct Scope {
    uint32_t parent = 0;
    std::string name;
  };

  // Takes note of an entry; the scope of what is in it. kNothingWithin: nothing to be found there.
  static constexpr uint32_t kNothingWithin = 0xffff'ffff;
  uint32_t Note(Dwarf_Die* entry, uint32_t scope);

  std::vector<Function> functions_;                    // by low
  std::vector<Scope> scopes_{{}};                      // 0: the unit itself
  absl::flat_hash_map<Dwarf_Off, uint32_t> scope_of_;  // of functions not in scope 0
};

}  // namespace lambent::collector
