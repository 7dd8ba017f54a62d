// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

#include "profiler/interpreters/cpython/object_layout.h"
#include "profiler/interpreters/cpython/object_reader.h"
#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/interpreters/cpython/thread_states.h"
#include "profiler/os/remote_memory.h"

namespace lambent::cpython {

// Most characters of a thread's name; the rest is cut off.
inline constexpr size_t kMaxThreadName = 128;

// What threads are called in Python: threading._active, which has their Thread objects. The process
// may run meanwhile. A name is taken only of an object that says it is this very thread, by both
// its ids (the main thread's kernel id is not asked for: after a fork it is its parent's), and only
// while that still refers to it. Bounded whatever the memory holds. Some 15 µs; the first time, to
// find the module, 10 µs more for every hundred modules. Confined to the sampler thread.
class ThreadNames {
 public:
  // `memory` must outlive this. `main_tid`: the process's id.
  ThreadNames(os::RemoteMemory& memory, const Offsets& offsets, const ObjectLayout& layout,
              int32_t main_tid);

  // The name of the thread `tid`, whose thread state is `state`, as UTF-8. False: it has none, or
  // it could not be told, or it says nothing.
  bool Read(const ThreadStateRef& state, int32_t tid, std::string* name);

 private:
  static constexpr size_t kMaxKnown = 64;

  // Where one interpreter keeps its threads; misses since it was found.
  struct Active {
    uint64_t dict = 0;  // 0: not known
    uint64_t misses = 0;
  };
  uint64_t FindActive(uint64_t interpreter);
  uint64_t FindThread(uint64_t active, uint64_t pthread);
  bool StillHas(absl::Span<const ObjectEntry> attributes);
  bool ReadName(uint64_t thread, uint64_t pthread, int32_t tid, std::string* name);

  os::RemoteMemory& memory_;
  const Offsets offsets_;
  const int32_t main_tid_;
  ObjectReader objects_;
  absl::flat_hash_map<uint64_t, Active> active_;  // by interpreter
  std::vector<ObjectEntry> entries_;
};

// Whether a name is one that Python gives to any thread it did not start: the main thread, before
// which there may be no `threading` yet, and threads of C code. What the kernel calls them says
// more, and says it from the start. Pure.
bool SaysNothing(std::string_view name);

}  // namespace lambent::cpython
