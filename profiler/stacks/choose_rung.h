// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "profiler/base/drop_reason.h"

namespace lambent {

// What is known of a thread at a tick before its stack is looked for.
struct ThreadFacts {
  // Its last stack was taken while it did not run, and it has not been put on a CPU since.
  bool unchanged = false;
  // Asleep in a system call, or stopped by job control: its stack stands still.
  bool blocked = false;
  // A tracer or SIGSTOP holds it. Never to be traced by us.
  bool stopped = false;
  // The interpreter knows it: its frames lie in memory.
  bool interpreted = false;
  // Native frames are wanted among the interpreter's while it runs.
  bool native = false;
};

// What works on this process, as probed and as learnt since.
struct LadderAbilities {
  bool read_memory = false;  // process_vm_readv or /proc/PID/mem
  bool read_call = false;    // /proc/PID/task/TID/syscall: registers of blocked threads
  bool stop = false;         // ptrace
  bool agent = false;        // the preloaded agent shares its memory
  bool perf = false;         // perf_event_open
  bool consistent = true;    // running interpreters may be read
};

// Where a stack is to be taken from.
enum class Step : uint8_t { kNone, kUnchanged, kBlocked, kConsistentRead, kAgent, kStop, kPerf };

// The way to one stack: `first`, and `second` if the first contradicts itself. kNone first: there
// is no way, for the reason `drop`; after that, `drop` is the reason if all fail.
struct RungPlan {
  Step first = Step::kNone;
  Step second = Step::kNone;
  DropReason drop = DropReason::kRefused;

  friend bool operator==(const RungPlan&, const RungPlan&) = default;
};

// Chooses the cheapest way that gives a true stack. A blocked thread is never stopped: some system
// calls would return early. Pure.
RungPlan ChooseRung(const ThreadFacts& thread, const LadderAbilities& abilities);

}  // namespace lambent
