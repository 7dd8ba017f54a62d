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
// functions lie within each other, a range is the innermost one's. Told
// by the rules of SymbolIndex::Find. This shape because it is sent to those who will look addresses
// up: sorted once, in 32 bytes a function; names are left in the file until they are asked for. The
// file is untrusted. Thread-compatible; off the sampler thread.
class FunctionRanges {
 public:
  // Most functions of a file: 18 MiB of memory while they are sorted. node has 66,000, which take
  // 0.08 s and 9 MiB.
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
  };

  explicit FunctionRanges(FunctionTables tables) : tables_(std::move(tables)) {}
  absl::Status Collect();
  void Sweep();
  // Of two functions that cover an address, whether `a` is the one it belongs to.
  bool Wins(const Symbol& a, const Symbol& b) const;
  // The end of a function without size that starts at an edge, `limit` at most; 0: it has none.
  uint64_t OpenEnd(const Symbol& symbol, uint64_t limit) const;
  void Append(uint64_t start, uint64_t end, size_t symbol);

  FunctionTables tables_;
  std::vector<Symbol> symbols_;  // by start
  std::vector<Range> ranges_;
};

}  // namespace lambent
