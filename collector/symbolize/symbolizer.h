// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "collector/symbolize/debug_file.h"
#include "collector/symbolize/debug_file_search.h"
#include "collector/symbolize/source_frame.h"

namespace lambent::collector {

// Functions and lines of machine code, from the debugging information this machine has. Keeps files
// open and answers, within bounds: profiles ask for the same code again and again. Thread-safe; one
// look-up at a time, because libdw is for one thread.
class Symbolizer {
 public:
  // In memory, of open files and answers; beyond it the files asked for longest ago are closed,
  // before the next one is read. What one question adds may go beyond it, for the time of the
  // question.
  static constexpr size_t kMaxBytes = size_t{1} << 30;
  static constexpr size_t kMaxModules = 65536;
  static constexpr size_t kMaxAnswers = 65536;

  explicit Symbolizer(DebugFileSearch search, size_t max_bytes = kMaxBytes)
      : search_(std::move(search)), max_bytes_(max_bytes) {}

  // The functions at an address as the module's file numbers it. The address of a caller is one
  // before its return address, within the call. Errors: NOT_FOUND when there is no debugging
  // information or no function; DATA_LOSS when it is damaged.
  absl::StatusOr<SourceFrames> Find(const std::string& module_path, const std::string& build_id,
                                    uint64_t address) ABSL_LOCKS_EXCLUDED(mutex_);

  // Files that were missing are looked for again: somebody may have brought them.
  void LookAgain() ABSL_LOCKS_EXCLUDED(mutex_);

  // Held in memory (DebugFile::bytes).
  size_t bytes() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Module {
    std::unique_ptr<DebugFile> file;  // null: closed
    bool missing = false;
    uint64_t asked = 0;  // when, in questions
    std::map<uint64_t, absl::StatusOr<SourceFrames>> answers;
  };

  Module& ModuleOf(const std::string& path, const std::string& build_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Open(const std::string& path, const std::string& build_id, Module& module)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<SourceFrames> Ask(Module& module, uint64_t address)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Closes files until so many bytes more fit, never `kept`; false: they do not.
  bool MakeRoom(uint64_t more, const Module& kept) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Close(Module& module) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const DebugFileSearch search_;
  const size_t max_bytes_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::pair<std::string, std::string>, std::unique_ptr<Module>> modules_
      ABSL_GUARDED_BY(mutex_);  // by path and build id
  size_t answers_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t answer_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // with modules' names
  size_t file_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t questions_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace lambent::collector
