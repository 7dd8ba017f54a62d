// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

#include "profiler/base/string_table.h"
#include "profiler/interpreters/cpython/line_table.h"
#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/interpreters/cpython/raw_python_stack.h"
#include "profiler/os/remote_memory.h"

namespace lambent::cpython {

// Names and lines of code objects. A code object's head was copied together with the stack it was
// on; a name is only taken when the head is still the same after its strings were read, and only
// given again for an equal head. So a name is never that of another function whose code came to lie
// at the same address. Bounded: when full, all is forgotten and read again as needed. Confined to
// the sampler thread.
class CodeCache {
 public:
  static constexpr size_t kMaxEntries = 16384;
  // Of line tables, which are kept only of functions whose lines are asked for.
  static constexpr size_t kMaxLineBytes = 2 << 20;

  struct Names {
    StringId name{};  // empty: not known
    StringId file{};
    uint32_t line = 0;
  };

  // `memory` and `strings` must outlive this.
  CodeCache(os::RemoteMemory& memory, const Offsets& offsets, uint64_t code_type,
            StringTable& strings);

  // The names of `head`; empty ones when they can no longer be read. 12 µs the first time, then 20
  // ns.
  Names Find(const CodeHead& head);

  // The line of the instruction `offset` bytes into the code of `head`; 0: it has none, or it can
  // no longer be told.
  uint32_t FindLine(const CodeHead& head, int32_t offset);

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    CodeHead head;
    Names names;
  };
  struct Lines {
    CodeHead head;
    LineTable table;
  };
  bool StillThere(const CodeHead& head);
  LineTable ReadLines(const CodeHead& head);

  os::RemoteMemory& memory_;
  const Offsets offsets_;
  const uint64_t code_type_;
  StringTable& strings_;
  absl::flat_hash_map<uint64_t, Entry> entries_;
  absl::flat_hash_map<uint64_t, Lines> lines_;
  size_t line_bytes_ = 0;
};

}  // namespace lambent::cpython
