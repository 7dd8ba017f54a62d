// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include "profiler/unwind/raw_snapshot.h"

namespace lambent {

// The bytes of a snapshot, by offset from the first of them. Offsets are unsigned, so that what
// lies below the copy is far beyond it. A value; the snapshot must outlive it.
struct StackCopy {
  const char* bytes = nullptr;
  uint64_t from = 0;   // address of the first
  uint64_t words = 0;  // at how many offsets a word begins

  StackCopy() = default;
  explicit StackCopy(const RawSnapshot& snapshot)
      : bytes(snapshot.bytes().data()), from(snapshot.bytes_address()) {
    const uint64_t size = snapshot.bytes().size();
    words = size < sizeof(uint64_t) ? 0 : size - sizeof(uint64_t) + 1;
  }

  bool HasWord(uint64_t offset) const { return offset < words; }
  // REQUIRES: HasWord(offset).
  uint64_t Word(uint64_t offset) const {
    uint64_t word = 0;
    std::memcpy(&word, bytes + offset, sizeof(word));
    return word;
  }
};

}  // namespace lambent
