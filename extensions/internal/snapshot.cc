// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/internal/snapshot.h"

#include "extensions/internal/shared_memory.h"

namespace lambent::agent {
namespace {

constexpr uint32_t kNoCell = kAgentCells;
// Below the stack pointer there may still be what a function that is about to return has restored,
// and what a leaf keeps (System V psABI 3.2.2). Not on another page: that may be a guard.
constexpr uint64_t kRedZone = 128;
constexpr uint64_t kPageBytes = 4096;

constexpr uint64_t WordOf(uint64_t snapshot, AgentCellState state) {
  return snapshot << kAgentCellStateBits | static_cast<uint64_t>(state);
}

// The lowest free cell, so that few are ever used, and those are in the caches.
uint32_t TakeCell(AgentHeader* memory) {
  constexpr uint64_t kMask = (1 << kAgentCellStateBits) - 1;
  for (uint32_t i = 0; i < kAgentCells; ++i) {
    uint64_t word = __atomic_load_n(&memory->cell_states[i], __ATOMIC_RELAXED);
    if ((word & kMask) != static_cast<uint64_t>(AgentCellState::kFree)) continue;
    // Acquire: the profiler's reading of the cell is before its word.
    if (__atomic_compare_exchange_n(&memory->cell_states[i], &word,
                                    WordOf(0, AgentCellState::kWriting), false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      return i;
    }
  }
  return kNoCell;
}

// Copies them; returns the stack pointer.
uint64_t CopyRegisters(const struct ucontext& context, uint64_t* into) {
#if defined(__x86_64__)
  const auto& r = context.uc_mcontext;
  const uint64_t values[] = {r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8,
                             r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rip};
  static_assert(sizeof(values) == kAgentRegisters * sizeof(uint64_t));
  for (uint32_t i = 0; i < kAgentRegisters; ++i) into[i] = values[i];
  return r.rsp;
#elif defined(__aarch64__)
  const auto& r = context.uc_mcontext;
  for (uint32_t i = 0; i < 31; ++i) into[i] = r.regs[i];
  into[31] = r.sp;
  into[32] = r.pc;
  return r.sp;
#endif
}

// Reads where reading might fault, with a system call. Returns how many bytes there were.
uint32_t ReadUnknown(void* into, uint64_t from, uint32_t bytes) {
  const Piece local = {into, bytes};
  const Piece remote = {reinterpret_cast<const void*>(from), bytes};
  const long got =
      Call(__NR_process_vm_readv, ProcessId(), Address(&local), 1, Address(&remote), 1, 0);
  return got > 0 ? static_cast<uint32_t>(got) & ~7u : 0;
}

// Copies up to `bytes` from `start`, on the page of `sp`, up. Returns how many there were.
uint32_t CopyStack(AgentHeader* memory, SampledThread& thread, uint64_t sp, uint64_t start,
                   uint32_t bytes, char* into) {
  if (!thread.stack.Holds(sp)) {
    const uint32_t times = ++thread.strange_stacks;
    // The main thread's stack grows, and a thread may be met on another stack than its own first.
    if ((times & (times - 1)) == 0) FindStack(sp, &thread.stack);
  }
  if (!thread.stack.Holds(sp)) {
    Count(memory->counts.slow_stacks);
    return ReadUnknown(into, start, bytes);
  }
  const uint64_t there = thread.stack.high - start;
  if (there < bytes) bytes = static_cast<uint32_t>(there) & ~7u;
  Copy(into, reinterpret_cast<const void*>(start), bytes);
  return bytes;
}

}  // namespace

void TakeSnapshot(AgentHeader* memory, uint32_t number, SampledThread& thread,
                  const struct ucontext& context) {
  const uint32_t index = TakeCell(memory);
  if (index == kNoCell) {
    Count(memory->counts.no_cell);
    return;
  }
  AgentCell* const cell = CellOf(memory, index);
  const uint64_t sp = CopyRegisters(context, cell->registers);
  uint32_t bytes = __atomic_load_n(&memory->thread_stack_bytes[number], __ATOMIC_RELAXED);
  if (bytes == 0) bytes = __atomic_load_n(&memory->control.stack_bytes, __ATOMIC_RELAXED);
  if (bytes == 0) bytes = kAgentDefaultStackBytes;
  constexpr uint32_t kMost = kAgentMaxStackBytes - kRedZone;
  if (bytes > kMost) bytes = kMost;
  cell->thread = number;
  const uint64_t on_page = sp % kPageBytes;
  const uint64_t below = on_page < kRedZone ? on_page : kRedZone;
  cell->stack_start = sp - below;
  cell->stack_bytes =
      CopyStack(memory, thread, sp, cell->stack_start, (bytes + static_cast<uint32_t>(below)) & ~7u,
                reinterpret_cast<char*>(cell) + kAgentStackOffset);
  if (cell->stack_bytes == 0) Count(memory->counts.no_stack);
  memory->cell_threads[index] = static_cast<uint32_t>(thread.tid);
  const uint64_t snapshot = Count(memory->counts.snapshots);
  // Release: the profiler sees the cell once it sees that it is ready.
  __atomic_store_n(&memory->cell_states[index], WordOf(snapshot, AgentCellState::kReady),
                   __ATOMIC_RELEASE);
}

}  // namespace lambent::agent
