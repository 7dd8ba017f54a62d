// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "profiler/base/string_table.h"
#include "profiler/interpreters/cpython/code_cache.h"
#include "profiler/interpreters/cpython/frame_reader.h"
#include "profiler/interpreters/cpython/raw_python_stack.h"
#include "profiler/interpreters/cpython/runtime_location.h"
#include "profiler/interpreters/cpython/thread_names.h"
#include "profiler/interpreters/cpython/thread_states.h"
#include "profiler/os/remote_memory.h"
#include "profiler/target/module_table.h"

namespace lambent::cpython {

// A Python frame with its names.
struct PythonFrame {
  StringId name{};            // qualified from 3.11; empty: could not be read
  StringId file{};            // as compiled
  uint32_t line = 0;          // first line of the function
  uint32_t current_line = 0;  // being executed; 0: not known, or not asked for
  bool entry = false;         // see RawFrame
};

enum class CaptureResult : uint8_t {
  kOk,            // frames may be none: the thread is in C code without Python above it
  kNoPython,      // the thread has no Python thread state
  kInconsistent,  // not a stack: the thread ran meanwhile
  kUnreadable,    // the process's memory can not be read: refused, or it has ended
};

// Reads the Python stacks of a CPython 3.9 to 3.14 process from outside, without stopping it.
// Memory is copied by Capture() and given names by Decode().
//
// Capture() alone proves nothing while its thread may run: the caller either knows that it did not
// run (it is blocked or stopped; or the caller was on its CPU and its count of timeslices has not
// changed), or captures twice and takes only equal stacks.
//
// Confined to the sampler thread.
class CPythonReader {
 public:
  // Errors: those of LocateRuntime; Unavailable also while the interpreter is not initialised: try
  // again. All arguments must outlive the reader; `modules` is used here only.
  static absl::StatusOr<std::unique_ptr<CPythonReader>> Attach(int32_t pid,
                                                               const ModuleTable& modules,
                                                               os::RemoteMemory& memory,
                                                               StringTable& strings);

  // Copies the frames of thread `tid`. Typically two system calls; allocates nothing once warm.
  CaptureResult Capture(int32_t tid, RawPythonStack* stack);

  // Names the frames, leaf first, with the lines they execute where `lines` is set; `frames` is
  // overwritten. Those of a subinterpreter have "[subinterpreter N]" at their root. Returns how
  // many have no name.
  size_t Decode(const RawPythonStack& stack, bool lines, std::vector<PythonFrame>* frames);

  // What thread `tid` is called in Python, of the strings' table; empty: not known. Some 15 µs.
  StringId ThreadName(int32_t tid);

  // Forgets what is kept of a thread that has ended.
  void ForgetThread(int32_t tid) { predictions_.erase(tid); }

  // The CPU on which the thread of the last Capture ran user code last, as of that copy; -1: not
  // known. Read together with the frames.
  int cpu() const { return frames_.cpu(); }

  const RuntimeLocation& location() const { return location_; }
  // Whether a native frame at `address` is in the evaluation loop.
  bool IsEval(uint64_t address) const;

 private:
  static constexpr size_t kMaxPredictions = 4096;
  static constexpr size_t kMaxInterpreterNames = 1024;

  void MarkInterpreter(int64_t number, std::vector<PythonFrame>* frames);

  CPythonReader(int32_t pid, RuntimeLocation location, std::optional<int64_t> rseq_offset,
                uint64_t main_stack_end, os::RemoteMemory& memory, StringTable& strings);

  const RuntimeLocation location_;
  os::RemoteMemory& memory_;
  ThreadStates threads_;
  FrameReader frames_;
  ThreadNames thread_names_;
  CodeCache codes_;
  StringTable& strings_;
  absl::flat_hash_map<int64_t, StringId> interpreters_;  // what they are called, by number
  absl::flat_hash_map<int32_t, FramePrediction> predictions_;
  std::vector<CodeCache::Names> names_;  // of the stack being decoded
};

}  // namespace lambent::cpython
