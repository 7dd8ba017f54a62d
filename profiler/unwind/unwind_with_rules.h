// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "profiler/target/module_table.h"
#include "profiler/unwind/unwinder.h"

namespace lambent {

// What a rule unwinder is doing, for benchmarks and for what a profile says about its own cost.
struct RuleUnwinderUse {
  size_t memory_bytes = 0;  // of caches and buffers, all that it holds
  uint64_t lookups = 0;     // of addresses that were not in the cache
  uint64_t file_reads = 0;
};

// Unwinds by rules of our own reading: those of .eh_frame, parsed function by function as
// addresses are met and kept by address (some 3 ns a frame when warm, 0.1 µs for another address
// of a known page, 1 µs for a function never seen); the frame pointer where there are none. State
// is bounded whatever the process maps, and so is the work for one snapshot. Therefore rules have
// limits of size and nesting: where a function's are beyond them, or malformed, the stack ends with
// kBadRules and nothing is guessed; unwind_with_fallback.h may go on.
class RuleUnwinder : public Unwinder {
 public:
  virtual RuleUnwinderUse Use() const = 0;
};

// `modules` must outlive it; it notices when they changed. `generated`, the process's memory, is
// where code that is in no file is read when a thread is interrupted in it, a few bytes; null: it
// is not, and where such code begins or ends the caller may be left out.
std::unique_ptr<RuleUnwinder> CreateRuleUnwinder(const ModuleTable& modules,
                                                 os::RemoteMemory* generated);

}  // namespace lambent
