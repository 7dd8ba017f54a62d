// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lambent::collector {

// One part of a module's symbol table, decoded from bytes of a stranger, or of a database that may
// be damaged: functions by the ranges of addresses they cover. Every range is within
// [base, kMaxCodeAddress], has a name, and lies behind the one before. A value.
class SymbolPart {
 public:
  struct Function {
    std::string_view name;  // lives as long as the part
    uint64_t start = 0;     // of the range
  };

  // Decodes a zstd-compressed lambent.v1.SymbolColumns of exactly `content_bytes` bytes. `base`:
  // the end of the part before, 0 for the first. INVALID_ARGUMENT says what is wrong. Memory: up to
  // 13 times kMaxSymbolPartBytes while it decodes, and 7 times for what it returns: a range is 4
  // bytes at least where it is serialised, 16 as columns, and 24 here. Pure.
  static absl::StatusOr<SymbolPart> Decode(std::string_view content, uint64_t content_bytes,
                                           uint64_t base);

  // The function that covers `address`.
  std::optional<Function> Find(uint64_t address) const;

  size_t size() const { return ranges_.size(); }
  // The end of the last range; the base where there is none.
  uint64_t end() const { return end_; }

 private:
  struct Range {
    uint64_t start = 0;
    uint64_t end = 0;
    uint32_t name = 0;  // where it begins in names_, with a byte 0 behind it
  };

  std::vector<Range> ranges_;
  std::string names_;
  uint64_t end_ = 0;
};

}  // namespace lambent::collector
