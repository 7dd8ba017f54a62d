// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace lambent {

// One part of a symbol table ready for the wire (lambent.v1.SymbolTable). A value.
struct EncodedSymbols {
  std::string build_id;
  std::string unavailable;  // not empty: the table cannot be had, and why; nothing else is set
  uint32_t part = 0;
  bool last = false;
  uint32_t content_bytes = 0;  // before compression
  std::string content;         // zstd of a lambent.v1.SymbolColumns
};

}  // namespace lambent
