// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "profiler/base/string_table.h"
#include "profiler/base/thread_state.h"
#include "profiler/os/process_files.h"
#include "profiler/stacks/stack.h"
#include "profiler/unwind/raw_snapshot.h"

namespace lambent {

// What the ladder remembers of one thread from tick to tick. Confined to the sampler thread.
struct ObservedThread {
  explicit ObservedThread(std::unique_ptr<os::ThreadFiles> opened) : files(std::move(opened)) {}

  int32_t tid() const { return files->tid(); }

  std::unique_ptr<os::ThreadFiles> files;
  // What the kernel calls it, or an interpreter, whose name wins: users gave it, and the kernel's
  // is cut after 15 bytes, if it was set at all.
  StringId name{};
  bool named_by_interpreter = false;
  uint64_t ask_name_at = 0;  // at `observations`; then after ask_name_after more
  uint64_t ask_name_after = 1;
  uint64_t observations = 0;
  int64_t seen_ns = 0;          // MonotonicNs of the last observation
  os::ThreadSchedule schedule;  // as last read
  uint64_t cpu_ns = 0;          // CPU time accounted for in samples so far
  uint64_t wait_ns = 0;         // run-queue wait taken out of `schedule` so far
  int64_t owed_wait_ns = 0;     // of that, not in a sample yet
  // Time that has passed unobserved: the next observation accounts for it (kPending).
  int64_t owed_wall_ns = 0;
  int64_t owed_cpu_ns = 0;
  ThreadState state = ThreadState::kUnspecified;

  // The last stack, and whether the thread stood still when it was taken: only then do unchanged
  // figures of `taken` prove that it still holds.
  Stack stack;
  bool has_stack = false;
  bool stood_still = false;
  bool partial = false;  // ThreadSample::partial, of that stack
  os::ThreadSchedule taken;

  // What is wanted of the stop it is late for (os::ThreadControl): CaptureAttempt's members.
  bool stop_interpreted = false;
  bool stop_native = false;

  // The interpreter did not know it; asked again at `observations` == ask_interpreter_at.
  bool not_interpreted = false;
  uint64_t ask_interpreter_at = 0;

  // How much of its stack a copy needs to reach the root; grows when it did not.
  size_t stack_bytes = RawSnapshot::kDefaultStackBytes;
};

}  // namespace lambent
