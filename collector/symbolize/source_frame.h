// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lambent::collector {

// One function that machine code belongs to, as the source has it. A value.
struct SourceFrame {
  std::string function;    // mangled where the compiler noted that name; empty: it has none
  std::string file;        // of `line`
  uint32_t line = 0;       // being executed; 0: unknown, or no line of the source
  std::string decl_file;   // where the function is written
  uint32_t decl_line = 0;  // its first line; 0: unknown
  uint64_t start = 0;      // of the code it was compiled to, outermost only; 0: inlined
};

// The functions at one address, innermost first: each but the last was inlined into the next. A
// caller's line is that of the call.
using SourceFrames = std::vector<SourceFrame>;

}  // namespace lambent::collector
