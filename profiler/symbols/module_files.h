// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "profiler/os/file_bytes.h"
#include "profiler/os/process_files.h"
#include "profiler/target/module_table.h"

namespace lambent {

// Whether the file's build id (raw) is this one. That is what makes a file the module it was asked
// for: paths and pids are used again.
bool HasBuildId(const os::FileBytes& file, const std::string& build_id);

// Where the files of sampled processes' modules are, by build id: what the sampler thread knows,
// for those who read symbols beside it. Remembers modules of processes that have ended, too: their
// files are there still, as a rule. Thread-safe.
class ModuleFiles {
 public:
  static constexpr size_t kMaxModules = 4096;

  explicit ModuleFiles(std::unique_ptr<os::ProcFiles> proc) : proc_(std::move(proc)) {}

  // Notes a module of process `pid`. The first place of a build id is kept.
  void Add(int32_t pid, const Module& module) ABSL_LOCKS_EXCLUDED(mutex_);

  // The file with this build id, as its process sees it, else by the same path from here. Errors:
  // NotFound when it is not known, or no longer there.
  absl::StatusOr<std::unique_ptr<os::FileBytes>> Open(const std::string& build_id)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Place {
    int32_t pid = 0;
    std::string path;
    uint64_t mapping_start = 0;  // to open it when its path no longer leads to it
    uint64_t mapping_end = 0;
  };

  absl::Mutex mutex_;
  const std::unique_ptr<os::ProcFiles> proc_ ABSL_PT_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Place> places_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lambent
