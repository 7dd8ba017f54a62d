// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <cstddef>
#include <optional>
#include <string>

#include "profiler/symbols/function_tables.h"

namespace lambent {

// Of several names for the same code the one to show: the global name is the one people call, then
// weak, then local; of equals ("__GI___read", "__read", "read") the plainest. Names are read only
// where they decide, and within the bounds below, whatever a stranger's file makes of it: one that
// is cut off or not compared any more does not win. A value; thread-compatible.
class BestName {
 public:
  // Of a name, what is compared.
  static constexpr size_t kMaxComparedBytes = 256;
  // Names of the same binding that are compared. Code of the C library has up to ten; what a linker
  // folded into one has more, and then one says as little as the other.
  static constexpr int kMaxCompared = 64;

  // Takes a symbol of a table of `tables`, the same at each call. True: it is the best so far.
  bool Offer(const FunctionTables& tables, size_t table, const Elf64_Sym& symbol);

  bool empty() const { return binding_ < 0; }
  // REQUIRES: not empty().
  size_t table() const { return table_; }
  const Elf64_Sym& symbol() const { return symbol_; }

 private:
  int binding_ = -1;  // rank of the best one's
  size_t table_ = 0;
  Elf64_Sym symbol_{};
  std::optional<std::string> text_;  // its name, once it was compared
  int compared_ = 0;
};

}  // namespace lambent
