// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"

namespace lambent::cpython {

// How a code object says which line an instruction is of (Objects/lnotab_notes.txt and
// Objects/locations.md of each version).
enum class LineForm : uint8_t {
  kSteps,      // co_lnotab, up to 3.9: pairs of steps in code and in lines
  kRanges,     // co_linetable of 3.10: pairs of a range's length and the step to its line
  kLocations,  // co_linetable from 3.11: entries of variable length
};

// The lines of one code object. A value.
class LineTable {
 public:
  // Longest encoded table that is read: of a function of some 5,000 lines.
  static constexpr size_t kMaxBytes = 64 * 1024;

  LineTable() = default;
  // The bytes are untrusted: whatever they hold, lines are found or are 0.
  LineTable(LineForm form, absl::Span<const char> bytes, uint32_t first_line);

  // The line of the instruction `offset` bytes from the first; 0: it has none.
  uint32_t LineAt(uint32_t offset) const;

  // Memory held.
  size_t bytes() const { return runs_.capacity() * sizeof(Run); }

 private:
  // Instructions up to `end` (excluded), from the end of the run before.
  struct Run {
    uint32_t end = 0;
    uint32_t line = 0;
  };

  void AddSteps(absl::Span<const char> bytes, uint32_t first_line);
  void AddRanges(absl::Span<const char> bytes, uint32_t first_line);
  void AddLocations(absl::Span<const char> bytes, uint32_t first_line);
  // Ends the run in progress `length` further on.
  void Append(uint32_t length, int64_t line);

  std::vector<Run> runs_;
};

}  // namespace lambent::cpython
