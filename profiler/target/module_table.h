// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/os/file_bytes.h"
#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/target/module_id.h"
#include "profiler/target/process_maps.h"

namespace lambent {

// A file mapped as code, at one place. Identified by path, file and place: never changes once
// known.
struct Module {
  ModuleId id{};
  std::string path;      // as the process sees it; "[vdso]" for the kernel's own
  std::string build_id;  // raw bytes, empty: none
  uint64_t device = 0;   // as in maps
  uint64_t inode = 0;
  uint64_t bias = 0;     // address in the process = address in the file + bias
  bool deleted = false;  // when it was first seen
  // First mapping seen, to open the file when its path no longer leads to it.
  uint64_t mapping_start = 0;
  uint64_t mapping_end = 0;
  uint64_t mapping_offset = 0;
};

// Where an address lies.
struct ModuleAddress {
  const Module* module = nullptr;  // null: in no file (JIT code, unmapped)
  uint64_t address = 0;            // as the module's file numbers it; absolute without a module
};

// The modules of one process. Ids stay valid for the table's life, those of unmapped files too.
// Confined to the sampler thread.
class ModuleTable {
 public:
  static constexpr size_t kMaxModules = 4096;

  // Both must outlive the table. `memory` may be null: then there is no [vdso].
  ModuleTable(os::ProcessFiles& files, os::RemoteMemory* memory);

  // Reads maps again (30 µs and up, no allocation when nothing changed). kOk also when nothing
  // changed.
  os::ReadResult Refresh();

  // The module an executable address belongs to, by the maps last read.
  ModuleAddress Find(uint64_t address) const;
  // The mapping an address lies in; null: none. Valid until Refresh.
  const Mapping* FindMapping(uint64_t address) const;

  // REQUIRES: an id of this table, not 0.
  const Module& Get(ModuleId id) const { return modules_[static_cast<size_t>(id) - 1]; }
  const std::deque<Module>& modules() const { return modules_; }
  const std::vector<Mapping>& mappings() const { return mappings_; }
  // Grows by one with each Refresh that found the maps changed.
  uint64_t generation() const { return generation_; }

  // The module's file for parsing: by its path, checked to be the same file; else through the
  // mapping. The [vdso] is read out of the process's memory.
  absl::StatusOr<std::unique_ptr<os::FileBytes>> Open(const Module& module) const;

 private:
  const Module* ModuleOf(const Mapping& mapping);
  absl::StatusOr<std::unique_ptr<os::FileBytes>> ReadVdso(const Module& module) const;

  os::ProcessFiles& files_;
  os::RemoteMemory* const memory_;
  std::string text_;
  std::string next_text_;
  std::vector<Mapping> mappings_;
  std::vector<const Module*> module_of_mapping_;  // parallel to mappings_
  std::deque<Module> modules_;                    // a deque: pointers stay valid
  uint64_t generation_ = 0;
};

}  // namespace lambent
