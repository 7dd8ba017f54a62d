// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"

#include "profiler/base/string_table.h"

namespace lambent {

// The content of a perf map, /tmp/perf-PID.map: what a JIT compiler says of the code it made, a
// line a function, "START SIZE NAME", numbers in hexadecimal (Linux, tools/perf/Documentation/
// jit-interface.txt). It grows while the process runs, and memory is used again: a later line makes
// earlier ones that it overlaps void, whole, since their code was overwritten.
//
// Names stay in the file: only where they are is kept, some 50 bytes a function. The text is
// untrusted: lines that make no sense are passed over. Thread-compatible.
class PerfMap {
 public:
  // Functions kept at most, some 4 MiB. What comes then only makes earlier lines void.
  static constexpr size_t kMaxFunctions = 65'536;
  // Longest name; the rest is cut off.
  static constexpr size_t kMaxNameBytes = 1024;

  struct Function {
    uint64_t start = 0;
    uint64_t end = 0;
    uint64_t name_offset = 0;  // in the file
    uint32_t name_bytes = 0;
    StringId name{};  // for who reads it from there, to remember it; empty: was not read yet
  };

  PerfMap() = default;
  // Of what comes in the file from `begin` on.
  explicit PerfMap(uint64_t begin) : line_offset_(begin), taken_bytes_(begin) {}

  // Takes the next bytes of the file; lines may be cut anywhere.
  void Append(std::string_view text);

  // The function that covers `address`, or null. Valid until the next Append.
  Function* Find(uint64_t address);

  // Bytes taken so far: where the next Append goes on.
  uint64_t taken_bytes() const { return taken_bytes_; }
  size_t size() const { return functions_.size(); }

 private:
  // Two numbers, their separators and a name that is cut off.
  static constexpr size_t kMaxLineBytes = kMaxNameBytes + 48;

  void TakeLine();
  void Insert(const Function& function);

  absl::btree_map<uint64_t, Function> functions_;  // disjoint, by start
  std::string line_;                               // its beginning, while its end has not come
  uint64_t line_offset_ = 0;
  uint64_t taken_bytes_ = 0;
};

}  // namespace lambent
