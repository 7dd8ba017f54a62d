// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "profiler/os/remote_memory.h"
#include "profiler/unwind/raw_snapshot.h"

namespace lambent {

// Why an unwind stopped.
enum class UnwindEnd : uint8_t {
  kComplete,     // at the thread's first function: nothing calls it
  kNoBytes,      // callers lie beyond the copied bytes: a larger copy would help
  kNoRules,      // code without unwind rules or frame pointer
  kUnknownCode,  // a return address outside all mappings last read: reading maps again may help
  kBadRules,     // there are rules for the code, and they were not understood
  kBadFrame,     // the stack contradicts the rules
  kTooDeep,      // more frames than asked for
  kNoRegister,   // a register is needed that is not known: a blocked thread's
};

constexpr std::string_view UnwindEndName(UnwindEnd end) {
  constexpr std::string_view kNames[] = {"complete",  "no-bytes",  "no-rules", "unknown-code",
                                         "bad-rules", "bad-frame", "too-deep", "no-register"};
  return kNames[static_cast<int>(end)];
}

// Finds the callers of a snapshot's pc: the seam between stack sources and ways to unwind. Nothing
// of a snapshot is trusted; nothing is guessed beyond a frame pointer whose return address follows
// a call. Confined to the sampler thread.
class Unwinder {
 public:
  virtual ~Unwinder() = default;

  // Overwrites `pcs`, leaf to root: the snapshot's pc, then for each caller an address *within* its
  // call (return address - 1), so that all of them can be looked up the same way. At most
  // `max_depth`. `live` may be null; else stack bytes beyond the copy are read from there, which is
  // right only while the thread is blocked.
  virtual UnwindEnd Unwind(const RawSnapshot& snapshot, os::RemoteMemory* live, size_t max_depth,
                           std::vector<uint64_t>* pcs) = 0;
};

}  // namespace lambent
