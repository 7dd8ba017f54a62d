// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "profiler/interpreters/cpython/copied_memory.h"
#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/os/remote_memory.h"

namespace lambent::cpython {

// struct _gil_runtime_state, the same from 3.9 to 3.14: last_holder and locked.
inline constexpr size_t kGilHolderOffset = 8;
inline constexpr size_t kGilLockedOffset = 16;
inline constexpr size_t kGilStateBytes = 24;
// PyThreadState._status.active, from 3.12: the thread state is in use by its thread.
inline constexpr uint32_t kActiveBit = 1 << 4;

// Where an interpreter's global lock is, and whether a thread holds it. Up to 3.11 there is one
// lock, in the runtime, which also says whose it is: the current thread state is set once the lock
// is taken and cleared before it is given up. From 3.12 each interpreter points at its lock; its
// holder is written after it is taken, and a thread state may be active before: both together are
// taken for proof. Confined to the sampler thread.
class GlobalLock {
 public:
  // What was found before, so that the next copy has all of it. A wrong one costs two reads.
  struct Place {
    uint64_t interpreter = 0;
    uint64_t lock = 0;
  };
  struct Sight {
    uint64_t address = 0;  // of the lock, kGilBytes long; 0: not known
    bool held = false;     // by the thread, for certain
  };

  // `runtime`: address of _PyRuntime. `memory` must outlive this.
  GlobalLock(os::RemoteMemory& memory, const Offsets& offsets, uint64_t runtime)
      : memory_(memory), offsets_(offsets), runtime_(runtime) {}

  // Plans the copy of what See() needs.
  void Plan(const Place& predicted, CopiedMemory* copy) const;

  // Of the thread state at `thread`, whose copy begins at `head`. `*place` is for the next Plan().
  Sight See(const CopiedMemory& copy, uint64_t thread, const char* head, Place* place) const;

 private:
  // Copies what lies at `address`, out of the copy or with a read of its own.
  bool Read(const CopiedMemory& copy, uint64_t address, void* to, size_t size) const;

  os::RemoteMemory& memory_;
  const Offsets offsets_;
  const uint64_t runtime_;
};

}  // namespace lambent::cpython
