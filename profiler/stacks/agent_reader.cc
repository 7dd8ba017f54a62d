// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/agent_reader.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace lambent {
namespace {

// The agent's threads fall silent after kAgentSilence snapshots without a beat.
constexpr uint64_t kTicksPerBeat = 64;
// More of anything does not happen between two ticks.
constexpr uint64_t kMaxGrowth = 1 << 20;
constexpr uint64_t kStateMask = (1 << kAgentCellStateBits) - 1;

// How much a count has grown that never falls; `told` follows it.
uint64_t GrowthOf(uint64_t count, uint64_t* told) {
  if (count <= *told) return 0;
  return std::min(count - std::exchange(*told, count), kMaxGrowth);
}

}  // namespace

size_t AgentSnapshot::Read(uint64_t address, void* into, size_t size) {
  const uint64_t offset = address - start_;  // wraps far away below the start
  if (offset >= size_) return 0;
  const size_t there = std::min<size_t>(size, size_ - offset);
  std::memcpy(into, cell_.data() + kAgentStackOffset + offset, there);
  return there;
}

absl::StatusOr<std::unique_ptr<AgentReader>> AgentReader::Create(
    std::unique_ptr<os::SharedFile> file, int32_t pid) {
  std::unique_ptr<AgentReader> reader(new AgentReader(std::move(file)));
  const AgentHeader& header = reader->header_;
  if (!reader->ReadHeader()) return absl::UnavailableError("the agent is not ready");
  if (header.version != kAgentVersion || header.registers != kAgentRegisters) {
    return absl::FailedPreconditionError(
        absl::StrCat("the agent is of version ", header.version, ", not ", kAgentVersion));
  }
  if (header.pid != pid) {
    return absl::FailedPreconditionError(
        absl::StrCat("the agent's memory is that of process ", header.pid,
                     ": its parent's, or numbered in another container"));
  }
  reader->cookie_ = header.cookie;
  reader->told_ = header.counts;
  // What was taken for another reader, or before this one looked, is old.
  if (!reader->BeginTick()) return absl::UnavailableError("the agent has left");
  return reader;
}

AgentReader::~AgentReader() {
  for (const Ready& ready : ready_) Free(ready.cell);
  SetPeriod(0);
}

bool AgentReader::ReadHeader() {
  constexpr size_t kBytes = offsetof(AgentHeader, thread_stack_bytes);
  return file_->ReadAt(0, &header_, kBytes) == kBytes && header_.magic == kAgentMagic &&
         header_.signal == kAgentSignal;
}

bool AgentReader::BeginTick() {
  for (const Ready& ready : ready_) Free(ready.cell);
  ready_.clear();
  if (ticks_++ % kTicksPerBeat == 0) {
    ++control_.beat;
    file_->WriteAt(offsetof(AgentHeader, control), &control_, sizeof(control_));
  }
  if (!ReadHeader()) return false;
  // Acquire: with the words, what was in the cells when they were written.
  std::atomic_thread_fence(std::memory_order_acquire);
  for (uint32_t cell = 0; cell < kAgentCells; ++cell) {
    const uint64_t word = header_.cell_states[cell];
    if ((word & kStateMask) != static_cast<uint64_t>(AgentCellState::kReady)) continue;
    const Ready found{cell, static_cast<int32_t>(header_.cell_threads[cell]),
                      word >> kAgentCellStateBits};
    const auto same = std::find_if(ready_.begin(), ready_.end(),
                                   [&](const Ready& other) { return other.tid == found.tid; });
    if (same == ready_.end()) {
      ready_.push_back(found);
    } else {
      Free(std::min(found.number, same->number) == found.number ? found.cell : same->cell);
      if (same->number < found.number) *same = found;
    }
  }
  return true;
}

bool AgentReader::Take(int32_t tid, AgentSnapshot* snapshot) {
  const auto found = std::find_if(ready_.begin(), ready_.end(),
                                  [&](const Ready& ready) { return ready.tid == tid; });
  if (found == ready_.end()) return false;
  const uint64_t offset = kAgentCellsOffset + uint64_t{found->cell} * kAgentCellBytes;
  // Its head first: how much of the cell is in use.
  char* const bytes = snapshot->cell_.data();
  AgentCell cell;
  bool good = file_->ReadAt(offset, bytes, kAgentStackOffset) == kAgentStackOffset;
  std::memcpy(&cell, bytes, sizeof(cell));
  good = good && cell.thread < kAgentThreads && cell.stack_bytes <= kAgentMaxStackBytes &&
         file_->ReadAt(offset + kAgentStackOffset, bytes + kAgentStackOffset, cell.stack_bytes) ==
             cell.stack_bytes;
  Free(found->cell);
  ready_.erase(found);
  if (!good) return false;
  std::copy_n(cell.registers, kAgentRegisters, snapshot->registers_.values.begin());
  snapshot->thread_ = cell.thread;
  snapshot->start_ = cell.stack_start;
  snapshot->size_ = cell.stack_bytes;
  return true;
}

void AgentReader::Free(uint32_t cell) {
  // Release: the cell was read before it is given back.
  std::atomic_thread_fence(std::memory_order_release);
  constexpr auto kFree = static_cast<uint64_t>(AgentCellState::kFree);
  file_->WriteAt(offsetof(AgentHeader, cell_states) + cell * sizeof(uint64_t), &kFree,
                 sizeof(kFree));
}

AgentLosses AgentReader::TakeLosses() {
  const AgentCounts& counts = header_.counts;
  return {.no_cell = GrowthOf(counts.no_cell, &told_.no_cell),
          .overruns = GrowthOf(counts.overruns, &told_.overruns),
          .too_many = GrowthOf(counts.too_many, &told_.too_many),
          .refused = GrowthOf(counts.refused, &told_.refused)};
}

void AgentReader::SetPeriod(uint64_t period_ns) {
  control_.period_ns = period_ns;
  ++control_.beat;
  file_->WriteAt(offsetof(AgentHeader, control), &control_, sizeof(control_));
}

void AgentReader::WishStackBytes(uint32_t thread, size_t bytes) {
  if (thread >= kAgentThreads) return;
  const auto wish = static_cast<uint32_t>(std::min<size_t>(bytes, kAgentMaxStackBytes));
  file_->WriteAt(offsetof(AgentHeader, thread_stack_bytes) + thread * sizeof(uint32_t), &wish,
                 sizeof(wish));
}

}  // namespace lambent
