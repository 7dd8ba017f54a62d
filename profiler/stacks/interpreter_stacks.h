// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/types/span.h"

#include "profiler/base/string_table.h"
#include "profiler/stacks/stack.h"
#include "profiler/stacks/stack_source.h"

namespace lambent {

// Stacks of an interpreter whose frames lie in the process's memory: the seam between the rungs and
// the readers of profiler/interpreters. Copying is apart from naming, so that a thread may be held
// for the one and not for the other. Confined to the sampler thread.
class InterpreterStacks {
 public:
  virtual ~InterpreterStacks() = default;

  // Copies the thread's frames. The copy before it is kept for SameAsBefore. kNotInterpreted: the
  // interpreter does not know the thread, or the thread runs nothing of it now.
  virtual CaptureResult Copy(int32_t tid) = 0;

  // The CPU on which the thread of the last copy ran user code last, as of that copy; -1: not
  // known.
  virtual int CpuOfCopy() const = 0;

  // Whether the thread of the last copy held the interpreter's global lock, for certain.
  virtual bool HoldsLock() const = 0;

  // Whether a thread that waits for what lies at `address` (a futex's first argument) waits for the
  // global lock of the last copy's interpreter.
  virtual bool IsLock(uint64_t address) const = 0;

  // Whether the last two copies hold the same stack, with every caller at the same instruction.
  virtual bool SameAsBefore() const = 0;

  // Writes the last copy as frames, leaf to root. kInconsistent: what the copy points at is not
  // there.
  virtual CaptureResult Name(Stack* stack) = 0;

  // As Name(), among native frames of the same moment: `stack` holds these, and `pcs` their
  // addresses as unwound. Where the two contradict each other, or frames are missing: as Name(),
  // and `partial` says so.
  virtual CaptureResult NameAmong(absl::Span<const uint64_t> pcs, Stack* stack, bool* partial) = 0;

  // What the interpreter calls the thread, in the table of the frames' names; empty: nothing, or it
  // could not be told. Not for every sample: it takes several reads.
  virtual StringId ThreadName(int32_t tid) = 0;

  // The thread has ended.
  virtual void Forget(int32_t tid) = 0;
};

}  // namespace lambent
