// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"

#include "profiler/interpreters/cpython/copied_memory.h"
#include "profiler/interpreters/cpython/global_lock.h"
#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/interpreters/cpython/raw_python_stack.h"
#include "profiler/interpreters/cpython/thread_states.h"
#include "profiler/os/remote_memory.h"

namespace lambent::cpython {

// What a thread's previous capture found, so that the next one copies all of it in one system call.
// A wrong prediction costs a further read, never a wrong stack: every pointer is followed anew.
struct FramePrediction {
  static constexpr size_t kMaxChunks = 12;
  static constexpr size_t kMaxLoose = 48;
  static constexpr size_t kMaxCodes = 24;

  struct Chunk {
    uint64_t address = 0;
    uint32_t used = 0;  // bytes, with the header
  };
  std::array<Chunk, kMaxChunks> chunks;   // current one first
  std::array<uint64_t, kMaxLoose> loose;  // frames outside chunks
  std::array<uint64_t, kMaxCodes> codes;  // code objects
  uint64_t cframe = 0;
  GlobalLock::Place lock;
  uint8_t chunk_count = 0;
  uint8_t loose_count = 0;
  uint8_t code_count = 0;
};

enum class FrameResult : uint8_t {
  kOk,
  kOtherThread,   // the thread state is not (or no longer) that of this kernel thread
  kInconsistent,  // what was read can not be a stack: the thread ran, or ended, meanwhile
};

// Takes what names a code object out of its first kCodeBytes; `head->address` is left alone. False
// for what is no code object. Pure.
bool ParseCodeHead(const char* bytes, const Offsets& offsets, uint64_t code_type, CodeHead* head);

// Copies the frames of one thread state, leaf first. Bounded whatever the memory holds. Nothing
// allocates but the growth of the result. Confined to the sampler thread.
//
// What names a code object is read in the same capture as the frames that run it: code objects are
// freed, each module's own as soon as it is imported, and others come to lie where they were.
class FrameReader {
 public:
  // `runtime`: address of _PyRuntime. `code_type`: of PyCode_Type, 0: not known. `rseq_offset`: of
  // the threads' rseq areas (FindRseqOffset); none: not known. `memory` must outlive this.
  FrameReader(os::RemoteMemory& memory, const Offsets& offsets, uint64_t runtime,
              uint64_t code_type, std::optional<int64_t> rseq_offset = std::nullopt);

  // Reads the frames of a thread state, found to be that of the kernel thread `tid` as long as the
  // `watched` words are what they were. Of one that others may run, and this thread does not run
  // now: none.
  FrameResult Read(const ThreadStateRef& thread, int32_t tid, FramePrediction* prediction,
                   RawPythonStack* stack, absl::Span<const WatchedWord> watched = {});

  // The CPU on which the thread ran user code last, as of the last Read's copy; -1: not known.
  int cpu() const { return cpu_; }

 private:
  // The bytes at `address`, out of the copy or copied now; null: unreadable.
  const char* Get(uint64_t address, size_t size);
  const char* GetFrame(uint64_t address, FramePrediction* next);
  bool LoadChunk(uint64_t address, uint64_t used, FramePrediction* next);
  FrameResult Walk(uint64_t frame, FramePrediction* next, RawPythonStack* stack);
  bool ReadCodes(RawPythonStack* stack);
  bool ReadHeads(absl::Span<CodeHead* const> heads);
  int32_t InstructionOf(const char* frame, uint64_t code) const;
  uint32_t IndexOfCode(uint64_t address, RawPythonStack* stack) const;

  os::RemoteMemory& memory_;
  const Offsets offsets_;
  const uint64_t code_type_;
  const std::optional<int64_t> rseq_offset_;
  const GlobalLock lock_;
  const size_t thread_bytes_;  // of a thread state, as far as it is needed
  const size_t frame_bytes_;   // of a frame
  CopiedMemory copy_;
  std::vector<CodeHead*> missing_;  // of the stack being read: not among the copied
  int cpu_ = -1;
};

}  // namespace lambent::cpython
