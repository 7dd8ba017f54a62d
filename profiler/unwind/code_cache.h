// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "profiler/target/module_table.h"
#include "profiler/unwind/module_code.h"

namespace lambent {

// Code and unwind rules of a process, out of its modules' files, in small cached pages: at most
// kPages * kPageBytes of them whatever the process maps. Addresses are the process's.
// Confined to the sampler thread.
class CodeCache {
 public:
  static constexpr size_t kPageBytes = 2048;
  static constexpr size_t kPages = 128;

  // `modules` must outlive this.
  explicit CodeCache(const ModuleTable& modules) : modules_(modules) {}

  // A module with its rules; `code` is null when its file could not be read.
  struct Loaded {
    const Module* module = nullptr;
    std::unique_ptr<ModuleCode> code;
  };

  // The module that has code at `pc`, opened at first use; null: none, or unreadable.
  const Loaded* FindModule(uint64_t pc);

  // The 8 bytes at `address` of a module FindModule has opened, zeros behind the end of the file.
  // False: no such module.
  bool ReadWord(uint64_t address, uint64_t* word);

  // Forgets which module lies where, after the process's maps changed.
  void OnModulesChanged();

 private:
  struct Page {
    const ModuleCode* code = nullptr;
    uint64_t address = 0;  // in the file
    size_t size = 0;
    std::array<char, kPageBytes> bytes;
  };

  const Page& Load(const ModuleCode& code, uint64_t page_address);
  const Loaded* Holding(uint64_t address);

  const ModuleTable& modules_;
  absl::flat_hash_map<const Module*, std::unique_ptr<Loaded>> loaded_;
  std::vector<const Loaded*> recent_;  // that have code, most recently used first
  std::vector<std::unique_ptr<Page>> pages_ = std::vector<std::unique_ptr<Page>>(kPages);
};

}  // namespace lambent
