// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace lambent {

// When a ladder tries again what did not work on its process. Pure; times are MonotonicNs.
class RetrySchedule {
 public:
  // What was refused is tried again after this long: a debugger may have gone.
  static constexpr int64_t kRefusedNs = 5'000'000'000;
  // Memory that is not there is tried again this soon, then less and less often: in the middle of
  // an exec the new program is not mapped yet.
  static constexpr int64_t kNoMemoryNs = 5'000'000;

  // Something was refused.
  void Refused(int64_t now_ns) {
    if (next_ns_ == kNever) next_ns_ = now_ns + kRefusedNs;  // else something is due sooner
  }

  // The process's memory could not be read.
  void NoMemory(int64_t now_ns) {
    next_ns_ = now_ns + no_memory_ns_;
    no_memory_ns_ = std::min(2 * no_memory_ns_, kRefusedNs);
  }

  // Another program runs: its memory is waited for from the beginning.
  void ExpectMemory() { no_memory_ns_ = kNoMemoryNs; }

  // Whether to try now; true once.
  bool Take(int64_t now_ns) {
    if (next_ns_ == kNever || now_ns < next_ns_) return false;
    next_ns_ = kNever;
    return true;
  }

 private:
  static constexpr int64_t kNever = INT64_MIN;

  int64_t next_ns_ = kNever;
  int64_t no_memory_ns_ = kNoMemoryNs;
};

}  // namespace lambent
