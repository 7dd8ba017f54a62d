// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "profiler/os/process_files.h"

namespace lambent {

// A process and its descendants, as they come and go. A descendant is known by its parent at the
// moment it is first seen; one whose parents ended before that belongs to nobody, unless they left
// it to us (os::AdoptOrphans). Confined to the sampler thread.
class ProcessFamily {
 public:
  // `proc` must outlive the family.
  ProcessFamily(os::ProcFiles& proc, int32_t root) : proc_(proc), root_(root) {}

  // Lists all processes (50 µs and up, and 10 µs for each one not seen before) and appends those
  // descendants that are new to *born, parents before children.
  void Refresh(std::vector<int32_t>* born);

 private:
  enum class Kin : uint8_t { kStranger, kMember };

  os::ProcFiles& proc_;
  const int32_t root_;
  absl::flat_hash_map<int32_t, Kin> known_;
  std::vector<int32_t> pids_;
};

}  // namespace lambent
