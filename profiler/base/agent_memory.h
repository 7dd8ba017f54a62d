// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace lambent {

// The memory that a process with the preloaded agent (extensions/internal) shares with the
// profiler: a file the process holds open, /memfd:lambent-agent or an unlinked file of that name in
// /tmp.
//
//   AgentHeader          one page and a bit
//   AgentCell[kAgentCells], each kAgentCellBytes, the first at kAgentCellsOffset
//
// Integers are the machine's own. The agent fills free cells and says so in `cell_states`; the
// profiler reads them and sets them free. Which word is written by whom is fixed, so that neither
// needs a lock and the profiler no mapping: it reads and writes the file, which cannot fault,
// however short somebody cuts it. To the profiler the content is untrusted.
inline constexpr char kAgentFileName[] = "lambent-agent";
inline constexpr uint64_t kAgentMagic = 0x3130544745424d4c;  // "LMBEGT01"
inline constexpr uint32_t kAgentVersion = 1;

// The agent's signal: SIGURG, see extensions/internal/agent.cc.
inline constexpr uint32_t kAgentSignal = 23;

// Cells: two of each thread that runs at a tick, and there are few CPUs. The agent takes the lowest
// free one, so that the memory really used is what the load needs (16 KB or so for each).
inline constexpr uint32_t kAgentCells = 64;
inline constexpr uint32_t kAgentCellBytes = 64 * 1024;
inline constexpr uint32_t kAgentCellsOffset = 8 * 1024;
inline constexpr uint64_t kAgentFileBytes =
    kAgentCellsOffset + uint64_t{kAgentCells} * kAgentCellBytes;
// Threads with a timer at one time; those of threads that ended are used again.
inline constexpr uint32_t kAgentThreads = 512;
// Bytes of a stack's top copied when the profiler wishes nothing else.
inline constexpr uint32_t kAgentDefaultStackBytes = 16 * 1024;

// Registers by their DWARF numbers, as in os::Registers.
#if defined(__x86_64__)
inline constexpr uint32_t kAgentRegisters = 17;
#elif defined(__aarch64__)
inline constexpr uint32_t kAgentRegisters = 33;
#else
#error "Lambent knows the registers of x86-64 and aarch64"
#endif

// A cell's word: its state, and above it the number of the snapshot it holds, 1, 2, 3, ….
enum class AgentCellState : uint64_t {
  kFree = 0,     // the agent may take it; written by the profiler
  kWriting = 1,  // written by the agent, as the next
  kReady = 2,    // the profiler's, until it sets it free
};
inline constexpr int kAgentCellStateBits = 2;

// Written by the profiler alone.
struct AgentControl {
  uint64_t period_ns;    // CPU time between two snapshots of a thread; 0: no timer is armed again
  uint32_t beat;         // changes as long as somebody reads; see kAgentSilence
  uint32_t stack_bytes;  // to copy, where thread_stack_bytes is 0
};
// Snapshots a thread takes while `beat` stands still before it stops: nobody reads.
inline constexpr uint32_t kAgentSilence = 1024;

// Written by the agent alone; they only grow.
struct AgentCounts {
  uint64_t snapshots;      // taken; gives them their numbers
  uint64_t no_cell;        // not taken: all cells were full
  uint64_t no_stack;       // taken without stack: it could not be read
  uint64_t slow_stacks;    // read with a system call: not on the stack the thread began with
  uint64_t overruns;       // si_overrun of the timers' signals
  uint64_t timers;         // armed for a thread for the first time
  uint64_t refused;        // threads without a timer: timer_create failed (refused_error says why)
  uint64_t too_many;       // threads without a timer: kAgentThreads are alive
  uint64_t forked;         // calls for a timer in a child that shares its parent's memory
  uint64_t refused_error;  // errno
};

struct AgentHeader {
  uint64_t magic;      // written last, when all below is
  uint32_t version;    // kAgentVersion
  uint32_t registers;  // kAgentRegisters
  int32_t pid;         // whose memory it is, as the process numbers itself
  uint32_t cookie;     // goes with a request for a timer (AgentRequest)
  uint32_t signal;     // kAgentSignal; 0: the agent has left
  uint32_t filters;    // of system calls (seccomp) when the agent was loaded
  alignas(64) AgentControl control;
  alignas(64) AgentCounts counts;
  alignas(64) uint64_t cell_states[kAgentCells];
  uint32_t cell_threads[kAgentCells];  // ids of the threads the snapshots are of
  // Written by the profiler: bytes to copy of the thread with that number (AgentCell::thread).
  uint32_t thread_stack_bytes[kAgentThreads];
};
static_assert(sizeof(AgentHeader) <= kAgentCellsOffset);

// One snapshot. The stack's bytes follow at kAgentStackOffset.
struct AgentCell {
  uint32_t thread;  // its number, < kAgentThreads
  uint32_t stack_bytes;
  uint64_t stack_start;  // address of the first of them: a red zone below the stack pointer
  uint64_t registers[kAgentRegisters];
};
inline constexpr uint32_t kAgentStackOffset = 512;
inline constexpr uint32_t kAgentMaxStackBytes = kAgentCellBytes - kAgentStackOffset;
static_assert(sizeof(AgentCell) <= kAgentStackOffset);

// The value a request for a timer carries (sigqueue(3)): a thread that gets it takes a snapshot at
// once and arms its timer. No other signal of that number means anything to the agent.
constexpr uint64_t AgentRequest(uint32_t cookie) { return uint64_t{cookie} << 32 | 0x4c414d42; }

}  // namespace lambent
