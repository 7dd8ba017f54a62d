// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"

#include "profiler/os/clock.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "profiler/stacks/observed_thread.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/raw_snapshot.h"
#include "profiler/unwind/unwinder.h"

namespace lambent {

// Native frames of the process's threads: copies the top of a stack, and afterwards unwinds the
// copy. Confined to the sampler thread.
class NativeStacks {
 public:
  // Largest copy of a stack. Pages of the buffer are used as far as stacks are deep.
  static constexpr size_t kMaxStackBytes = 256 * 1024;

  // All must outlive this.
  NativeStacks(const os::Clock& clock, os::RemoteMemory& memory, ModuleTable& modules,
               std::unique_ptr<Unwinder> unwinder);

  // Once per tick: maps may be read again, once, when an address is not known.
  void BeginTick() { maps_are_fresh_ = false; }

  // Copies a stopped thread's registers and stack top. False: its stack is not readable.
  bool CopyStopped(const ObservedThread& thread, const os::Registers& registers);
  // The same of a blocked thread, of which two registers are known.
  bool CopyBlocked(const ObservedThread& thread, uint64_t pc, uint64_t sp);

  // Takes a copy somebody else made: `stack` reads from it.
  bool TakeCopy(const os::Registers& registers, os::RemoteMemory& stack);

  // Unwinds what was copied into `thread.stack`, with a kTruncated frame in the place of what could
  // not be found. `standing`: the thread still stands as it was copied, more of its stack may be
  // read.
  void Unwind(ObservedThread& thread, bool standing);

  // The addresses that were unwound last, leaf to root.
  absl::Span<const uint64_t> pcs() const { return pcs_; }

 private:
  bool Copy(const ObservedThread& thread);
  bool RefreshMaps();

  const os::Clock& clock_;
  os::RemoteMemory& memory_;
  ModuleTable& modules_;
  std::unique_ptr<Unwinder> unwinder_;
  RawSnapshot snapshot_{kMaxStackBytes};
  std::vector<uint64_t> pcs_;
  bool maps_are_fresh_ = false;
};

}  // namespace lambent
