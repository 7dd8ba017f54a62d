// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>

#include "profiler/os/remote_memory.h"

namespace lambent::fakes {

// Memory made of pieces put at addresses; everything between them is unmapped. Counts system calls.
// Thread-compatible.
class FakeRemoteMemory final : public os::RemoteMemory {
 public:
  // Maps `bytes` at `address`, over nothing else.
  void Map(uint64_t address, std::string bytes) { pieces_[address] = std::move(bytes); }
  void MapZero(uint64_t address, size_t size) { Map(address, std::string(size, '\0')); }
  void Unmap(uint64_t address) { pieces_.erase(address); }

  // Writes a value into mapped memory.
  template <typename T>
  void Put(uint64_t address, T value) {
    auto piece = std::prev(pieces_.upper_bound(address));
    std::memcpy(piece->second.data() + (address - piece->first), &value, sizeof(value));
  }

  // Every later read fails like this; kNone: works again.
  void FailWith(Failure failure) { forced_ = failure; }
  int calls() const { return calls_; }

  size_t Read(uint64_t address, void* into, size_t size) override {
    const os::RemoteRange range{address, into, size};
    return ReadV({&range, 1});
  }
  size_t ReadV(absl::Span<const os::RemoteRange> ranges) override {
    ++calls_;
    failure_ = forced_;
    if (forced_ != Failure::kNone) return 0;
    size_t total = 0;
    for (const os::RemoteRange& range : ranges) {
      const size_t got = Copy(range);
      total += got;
      if (got < range.size) {
        failure_ = Failure::kUnmapped;
        break;
      }
    }
    return total;
  }
  Failure last_failure() const override { return failure_; }

 private:
  size_t Copy(const os::RemoteRange& range) const {
    auto piece = pieces_.upper_bound(range.address);
    if (piece == pieces_.begin()) return 0;
    --piece;
    const uint64_t within = range.address - piece->first;
    if (within >= piece->second.size()) return 0;
    const size_t size = std::min<size_t>(range.size, piece->second.size() - within);
    std::memcpy(range.into, piece->second.data() + within, size);
    return size;
  }

  std::map<uint64_t, std::string> pieces_;
  Failure forced_ = Failure::kNone;
  Failure failure_ = Failure::kNone;
  int calls_ = 0;
};

}  // namespace lambent::fakes
