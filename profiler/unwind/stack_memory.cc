// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/stack_memory.h"

#include <cstring>

namespace lambent {

bool StackMemory::ReadBeyond(uint64_t address, uint64_t* word) {
  const uint64_t sp = snapshot_->registers().sp();
  if (end_ == 0) {
    const Mapping* stack = modules_.FindMapping(sp);
    end_ = stack == nullptr ? sp + snapshot_->stack_size() : stack->end;
  }
  if (live_ == nullptr) {
    if (address >= sp && address < end_) missed_ = true;
    return false;
  }
  // A handler may run on another stack than what it interrupted.
  const uint64_t block = address - address % kBlockBytes;
  char* into = reinterpret_cast<char*>(word);
  const uint64_t within = address - block;
  if (!LoadBlock(block)) return false;
  if (within + sizeof(*word) <= kBlockBytes) {
    std::memcpy(into, bytes_.data() + within, sizeof(*word));
    return true;
  }
  const size_t here = kBlockBytes - within;
  std::memcpy(into, bytes_.data() + within, here);
  if (block > UINT64_MAX - 2 * kBlockBytes || !LoadBlock(block + kBlockBytes)) return false;
  std::memcpy(into + here, bytes_.data(), sizeof(*word) - here);
  return true;
}

bool StackMemory::LoadBlock(uint64_t block) {
  if (block == block_) return true;
  if (blocks_ == kMaxBlocks) return false;
  ++blocks_;
  block_ = kNoBlock;
  if (live_->Read(block, bytes_.data(), bytes_.size()) != bytes_.size()) return false;
  block_ = block;
  return true;
}

}  // namespace lambent
