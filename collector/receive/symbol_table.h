// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "lambent/v1/ingest.pb.h"

namespace lambent::collector {

// A whole symbol table whose parts were validated, each kept as it came. A value.
struct ValidatedSymbols {
  struct Part {
    uint64_t base = 0;  // addresses of its ranges lie in [base, end)
    uint64_t end = 0;
    uint32_t content_bytes = 0;
    std::string content;  // as SymbolPart::Decode takes it
  };
  std::string build_id;
  std::vector<Part> parts;
};

// Puts a table together from its parts, as they come from one sender. Bounded:
// kMaxSymbolTableBytes. Thread-compatible.
class SymbolTableAssembly {
 public:
  explicit SymbolTableAssembly(std::string build_id) { table_.build_id = std::move(build_id); }

  // Takes the next part. INVALID_ARGUMENT: it is not the next one, or makes no sense; the table
  // cannot be completed then.
  absl::Status Add(const v1::SymbolTable& part);

  bool complete() const { return complete_; }
  const ValidatedSymbols& table() const { return table_; }

 private:
  ValidatedSymbols table_;
  size_t bytes_ = 0;
  size_t content_bytes_ = 0;
  bool complete_ = false;
};

}  // namespace lambent::collector
