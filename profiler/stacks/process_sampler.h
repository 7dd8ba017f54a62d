// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"

#include "profiler/base/frame_kind.h"
#include "profiler/stacks/agent_losses.h"
#include "profiler/stacks/stack.h"
#include "profiler/stacks/thread_sample.h"

namespace lambent {

// What is known of a frame when it enters the dictionary. Views live as long as the sampler.
struct FrameDescription {
  FrameKind kind = FrameKind::kUnknown;
  std::string_view name;  // as the source has it (mangled for C++); empty: unknown
  std::string_view file;
  uint32_t line = 0;          // first line of the function; 0: unknown
  uint32_t current_line = 0;  // the line it executes; 0: unknown, or not asked for
  std::string_view module_path;
  std::string_view module_build_id;  // raw bytes
  uint64_t address = 0;              // start of the function, as far as known; else the frame's own
  uint64_t code_address = 0;         // the frame's own, of native code; 0: not asked for
  bool hidden = false;  // tells nothing beside the frames around it: stacks are shown without it
};

// Samples all threads of one process: the seam between the ladder and what drives it. The real one
// is Ladder; tests use fakes::FakeProcessSampler. Confined to the sampler thread.
class ProcessSampler {
 public:
  virtual ~ProcessSampler() = default;

  virtual int32_t pid() const = 0;

  // Observes every thread of the process once, in one tick, and calls `sink` for each: with a
  // sample or with the reason why there is none. Returns false when the process has ended
  // (kTargetGone was reported for the threads it still knew), or another is to be sampled instead.
  // A thread whose stack is still to come may be left out; then its next observation weighs more.
  virtual bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) = 0;

  // Between ticks. Where a thread has been asked to stop and is still to be given a CPU, sleeps
  // until one stands, or until `until_ns` (MonotonicNs), perhaps for less; false, at once, where
  // there is none. Whoever slept calls TakeStops() or LetGo(): what stands is held up.
  virtual bool AwaitStop(int64_t /*until_ns*/) { return false; }
  // Observes the threads that stand. Never blocks.
  virtual void TakeStops(absl::FunctionRef<void(const ThreadSample&)> /*sink*/) {}
  // Lets them go unobserved. Never blocks.
  virtual void LetGo() {}

  // Describes a frame of a stack this sampler delivered. Reads symbol tables the first time a frame
  // is asked for (memoised): off the capture path, never while a thread is stopped.
  virtual FrameDescription Describe(const Frame& frame) = 0;

  // The name behind ThreadSample::thread_name.
  virtual std::string_view ThreadName(StringId id) const = 0;

  // What an agent in the process could not do since this was last asked.
  virtual AgentLosses TakeLosses() { return {}; }
};

}  // namespace lambent
