// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/base/agent_memory.h"
#include "profiler/os/agent_door.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "profiler/stacks/agent_losses.h"

namespace lambent {

// A thread at one moment, as the agent copied it. The content may be anything. The bytes of the
// stack are read like the process's memory. Thread-compatible.
class AgentSnapshot final : public os::RemoteMemory {
 public:
  const os::Registers& registers() const { return registers_; }
  // The thread's number with the agent, for AgentReader::WishStackBytes.
  uint32_t thread() const { return thread_; }

  size_t Read(uint64_t address, void* into, size_t size) override;
  Failure last_failure() const override { return Failure::kUnmapped; }

 private:
  friend class AgentReader;

  os::Registers registers_;
  uint32_t thread_ = 0;
  uint64_t start_ = 0;
  size_t size_ = 0;
  std::array<char, kAgentCellBytes> cell_;
};

// The profiler's side of the memory an agent shares (profiler/base/agent_memory.h). Everything read
// from it is checked: it is the other process's. A tick costs one read of a kilobyte and one small
// write for each snapshot. Confined to the sampler thread.
class AgentReader {
 public:
  // A snapshot that waits to be taken.
  struct Ready {
    uint32_t cell;
    int32_t tid;
    uint64_t number;
  };

  // Errors: the memory is not of this version, or not of process `pid` (a child shares its
  // parent's).
  static absl::StatusOr<std::unique_ptr<AgentReader>> Create(std::unique_ptr<os::SharedFile> file,
                                                             int32_t pid);
  // Nobody reads any more: the agent's timers are not armed again.
  ~AgentReader();
  AgentReader(const AgentReader&) = delete;
  AgentReader& operator=(const AgentReader&) = delete;

  // Gives the snapshots of the tick before back, and looks which were taken since. False: the
  // memory is not there any more, or the agent has left.
  bool BeginTick();

  // Those of this tick, one for each thread.
  const std::vector<Ready>& ready() const { return ready_; }

  // Copies the latest snapshot of a thread taken since the tick before, once. False: there is none.
  bool Take(int32_t tid, AgentSnapshot* snapshot);

  // CPU time between two snapshots of a thread. 0: none.
  void SetPeriod(uint64_t period_ns);
  // How much is to be copied of the stack of the thread with this number.
  void WishStackBytes(uint32_t thread, size_t bytes);

  // The value that asks a thread for a timer.
  uint64_t request() const { return AgentRequest(cookie_); }
  // Filters of system calls that the agent has lived with from the start.
  uint32_t filters() const { return header_.filters; }

  // What the agent's counts have grown by since the last call, as far as it can be true.
  AgentLosses TakeLosses();

 private:
  explicit AgentReader(std::unique_ptr<os::SharedFile> file) : file_(std::move(file)) {}
  bool ReadHeader();
  void Free(uint32_t cell);

  std::unique_ptr<os::SharedFile> file_;
  uint32_t cookie_ = 0;
  AgentHeader header_{};  // as last read, but for thread_stack_bytes
  std::vector<Ready> ready_;
  AgentCounts told_{};      // what TakeLosses has given away
  AgentControl control_{};  // as last written
  uint64_t ticks_ = 0;
};

}  // namespace lambent
