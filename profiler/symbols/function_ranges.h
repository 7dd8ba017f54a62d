// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/os/file_bytes.h"
#include "profiler/symbols/function_tables.h"

namespace lambent {

// All functions of one ELF file, as ranges of addresses that ascend and do not overlap: where
// functions lie within each other, a range is the innermost one's, by the rules of
// SymbolIndex::Find. This shape because it is sent to those who will look addresses up: sorted
// once, in 32 bytes a function; names are left in the file until they are asked for. The file is
// untrusted. Thread-compatible; off the sampler thread.
class FunctionRanges {
 public:
  // Most functions of a file. So many take 20 MiB, and 32 MiB for the moment in which the ranges of
  // the worst order are appended. node has 66,000, which take 0.08 s and 9 MiB.
  static constexpr size_t kMaxFunctions = 262'144;

  struct Range {
    uint64_t start = 0;  // as the file numbers it
    uint64_t end = 0;    // beyond `start`
    uint32_t symbol = 0;
  };

  // Errors: not an ELF file we know; ResourceExhausted beyond kMaxFunctions.
  static absl::StatusOr<FunctionRanges> Read(std::unique_ptr<os::FileBytes> file);

  const std::vector<Range>& ranges() const { return ranges_; }
  // The function's name as the linker knows it; at most FunctionTables::kMaxNameBytes.
  std::string Name(const Range& range) const;

 private:
  struct Symbol {
    Elf64_Sym entry;
    uint32_t table;
    uint32_t order;  // in which the file has them
  };
  static_assert(sizeof(Symbol) == 32);

  explicit FunctionRanges(FunctionTables tables) : tables_(std::move(tables)) {}
  absl::Status Collect();
  void DropHidden();
  void Sweep();
  // The end of a function without size that starts at an edge, `limit` at most; 0: it has none.
  uint64_t OpenEnd(const Symbol& symbol, uint64_t limit) const;
  void Append(uint64_t start, uint64_t end, size_t symbol);

  FunctionTables tables_;
  // Of two that cover an address, it belongs to the later one.
  std::vector<Symbol> symbols_;
  std::vector<Range> ranges_;
};

}  // namespace lambent
