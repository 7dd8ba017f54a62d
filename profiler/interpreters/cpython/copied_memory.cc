// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/copied_memory.h"

#include <algorithm>

namespace lambent::cpython {

bool CopiedMemory::Add(uint64_t address, size_t size) {
  if (pieces_ == kMaxPieces || size == 0 || size > kMaxBytes - used_) return false;
  pieces_of_[pieces_++] = {address, size, used_};
  used_ += (size + 7) & ~size_t{7};
  used_ = std::min(used_, kMaxBytes);
  return true;
}

bool CopiedMemory::Fetch(os::RemoteMemory& memory) {
  while (done_ < pieces_) {
    std::array<os::RemoteRange, os::RemoteMemory::kMaxRanges> ranges;
    const size_t count = std::min(pieces_ - done_, ranges.size());
    for (size_t i = 0; i < count; ++i) {
      const Piece& piece = pieces_of_[done_ + i];
      ranges[i] = {piece.address, bytes_.get() + piece.at, piece.size};
    }
    size_t got = memory.ReadV(absl::MakeConstSpan(ranges.data(), count));
    for (size_t i = 0; i < count; ++i) {
      if (got < ranges[i].size) {
        pieces_ = done_;
        return false;
      }
      got -= ranges[i].size;
      ++done_;
    }
  }
  return true;
}

const char* CopiedMemory::Find(uint64_t address, size_t size) const {
  for (size_t i = 0; i < done_; ++i) {
    const Piece& piece = pieces_of_[i];
    if (address >= piece.address && address - piece.address <= piece.size &&
        size <= piece.size - (address - piece.address)) {
      return bytes_.get() + piece.at + (address - piece.address);
    }
  }
  return nullptr;
}

}  // namespace lambent::cpython
