// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "profiler/os/remote_memory.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/raw_snapshot.h"
#include "profiler/unwind/stack_copy.h"

namespace lambent {

// The stack of the thread being unwound: the snapshot's copy, and behind it the memory of a thread
// that stands still, read a block at a time. Confined to the sampler thread.
class StackMemory {
 public:
  static constexpr size_t kBlockBytes = 1024;  // divides a page, so that a block is readable whole
  static constexpr size_t kMaxBlocks = 4096;   // read for one snapshot

  // Both must outlive this. `modules` tells how far a stack reaches.
  explicit StackMemory(const ModuleTable& modules) : modules_(modules) {}

  // For the unwind that begins; `live` may be null. Both must outlive it.
  void Begin(const RawSnapshot& snapshot, os::RemoteMemory* live) {
    snapshot_ = &snapshot;
    copied_ = StackCopy(snapshot);
    live_ = live;
    end_ = 0;
    block_ = kNoBlock;
    blocks_ = 0;
    missed_ = false;
  }

  // The word at `address`. False: not of this stack, or not readable.
  bool Read(uint64_t address, uint64_t* word) {
    const uint64_t offset = address - copied_.from;
    if (!copied_.HasWord(offset)) return ReadBeyond(address, word);
    *word = copied_.Word(offset);
    return true;
  }

  const StackCopy& copied() const { return copied_; }

  // Whether a word was wanted that lies on the stack but not in the copy.
  bool missed() const { return missed_; }

 private:
  static constexpr uint64_t kNoBlock = ~uint64_t{0};

  // The word at an address that is not in the copy.
  bool ReadBeyond(uint64_t address, uint64_t* word);
  bool LoadBlock(uint64_t block);

  const ModuleTable& modules_;
  const RawSnapshot* snapshot_ = nullptr;
  StackCopy copied_;
  os::RemoteMemory* live_ = nullptr;
  uint64_t end_ = 0;  // of the mapping the stack pointer is in; 0: not looked up yet
  bool missed_ = false;
  size_t blocks_ = 0;
  uint64_t block_ = kNoBlock;  // address of what bytes_ holds
  std::array<char, kBlockBytes> bytes_;
};

}  // namespace lambent
