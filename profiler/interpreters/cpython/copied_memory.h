// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/types/span.h"

#include "profiler/os/remote_memory.h"

namespace lambent::cpython {

// Pieces of another process's memory copied together, looked up by their address there. Fixed in
// size; nothing allocates after construction. Confined to the sampler thread.
class CopiedMemory {
 public:
  static constexpr size_t kMaxPieces = 64;
  static constexpr size_t kMaxBytes = 1 << 20;

  void Clear() { pieces_ = used_ = done_ = 0; }

  // Plans the copy of [address, address + size). False when there is no room for it.
  bool Add(uint64_t address, size_t size);

  // Copies what was added since the last Fetch, in as few system calls as there can be. Pieces from
  // the first unreadable one on are forgotten. Returns whether all could be read.
  bool Fetch(os::RemoteMemory& memory);

  // The copy of [address, address + size); null when no piece has all of it.
  const char* Find(uint64_t address, size_t size) const;

  size_t pieces() const { return pieces_; }

 private:
  struct Piece {
    uint64_t address = 0;
    size_t size = 0;
    size_t at = 0;  // in bytes_
  };

  std::array<Piece, kMaxPieces> pieces_of_;
  size_t pieces_ = 0;
  size_t used_ = 0;
  size_t done_ = 0;  // pieces fetched
  std::unique_ptr<char[]> bytes_{new char[kMaxBytes]};
};

}  // namespace lambent::cpython
