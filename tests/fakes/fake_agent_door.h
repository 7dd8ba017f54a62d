// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "profiler/base/agent_memory.h"
#include "profiler/os/agent_door.h"

namespace lambent::fakes {

// The memory of an agent, as bytes; what is behind a FakeAgentDoor. Plays the agent's part.
class FakeAgentMemory {
 public:
  explicit FakeAgentMemory(int32_t pid) : bytes(kAgentFileBytes, '\0') {
    AgentHeader start{};
    start.magic = kAgentMagic;
    start.version = kAgentVersion;
    start.registers = kAgentRegisters;
    start.pid = pid;
    start.cookie = 7;
    start.signal = kAgentSignal;
    std::memcpy(bytes.data(), &start, sizeof(start));
  }

  // Copies of the header: edit one and put it back.
  AgentHeader header() const {
    AgentHeader copy;
    std::memcpy(&copy, bytes.data(), sizeof(copy));
    return copy;
  }
  void set_header(const AgentHeader& header) { std::memcpy(bytes.data(), &header, sizeof(header)); }

  // Puts a snapshot into the lowest free cell; returns its index, -1: none is free.
  int Snapshot(int32_t tid, uint64_t pc, uint64_t sp, const std::string& stack) {
    AgentHeader now = header();
    for (uint32_t i = 0; i < kAgentCells; ++i) {
      if (now.cell_states[i] != 0) continue;
      AgentCell cell{};
      cell.thread = 3;
      cell.stack_bytes = static_cast<uint32_t>(stack.size());
      cell.stack_start = sp;
      cell.registers[kSp] = sp;
      cell.registers[kPc] = pc;
      char* const at = bytes.data() + kAgentCellsOffset + uint64_t{i} * kAgentCellBytes;
      std::memcpy(at, &cell, sizeof(cell));
      std::memcpy(at + kAgentStackOffset, stack.data(), stack.size());
      now.cell_threads[i] = static_cast<uint32_t>(tid);
      now.cell_states[i] = ++now.counts.snapshots << kAgentCellStateBits |
                           static_cast<uint64_t>(AgentCellState::kReady);
      set_header(now);
      return static_cast<int>(i);
    }
    return -1;
  }

  std::string bytes;

 private:
#if defined(__x86_64__)
  static constexpr size_t kSp = 7, kPc = 16;
#else
  static constexpr size_t kSp = 31, kPc = 32;
#endif
};

// A file over somebody else's bytes.
class FakeSharedFile final : public os::SharedFile {
 public:
  explicit FakeSharedFile(std::string& bytes) : bytes_(bytes) {}
  size_t ReadAt(uint64_t offset, void* into, size_t size) override {
    if (offset >= bytes_.size()) return 0;
    return bytes_.copy(static_cast<char*>(into), size, static_cast<size_t>(offset));
  }
  bool WriteAt(uint64_t offset, const void* from, size_t size) override {
    if (offset + size > bytes_.size()) return false;
    std::memcpy(bytes_.data() + offset, from, size);
    return true;
  }

 private:
  std::string& bytes_;
};

// A door to `memory`; null: there is no agent.
class FakeAgentDoor final : public os::AgentDoor {
 public:
  absl::StatusOr<std::unique_ptr<os::SharedFile>> Open(int32_t) override {
    ++opened;
    if (memory == nullptr) return absl::NotFoundError("no agent in the process");
    return std::make_unique<FakeSharedFile>(memory->bytes);
  }
  bool Request(int32_t, int32_t tid, uint64_t value) override {
    requests.emplace_back(tid, value);
    return !refuse;
  }
  uint32_t CountFilters(int32_t, int32_t) override { return filters; }

  FakeAgentMemory* memory = nullptr;
  uint32_t filters = 0;
  bool refuse = false;
  int opened = 0;
  std::vector<std::pair<int32_t, uint64_t>> requests;
};

}  // namespace lambent::fakes
