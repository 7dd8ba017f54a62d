// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "profiler/os/file_bytes.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/fde_index.h"
#include "profiler/unwind/fde_table.h"
#include "profiler/unwind/module_code.h"

namespace lambent {

// Code and unwind rules of a process, out of its modules' files, in small cached pages: at most
// kPages * kPageBytes of them and kMaxOpen open files whatever the process maps. Confined to the
// sampler thread.
class CodeCache {
 public:
  static constexpr size_t kPageBytes = FdeTable::kChunkBytes;
  static constexpr size_t kPages = 128;
  static constexpr size_t kWays = 4;
  static constexpr size_t kMaxOpen = 64;

  using OpenFile = std::function<absl::StatusOr<std::unique_ptr<os::FileBytes>>(const Module&)>;

  // `modules` must outlive this, and opens its modules' files.
  explicit CodeCache(const ModuleTable& modules)
      : CodeCache(modules, kPages,
                  [&modules](const Module& module) { return modules.Open(module); }) {}
  // `pages`: kept at most, a multiple of kWays.
  CodeCache(const ModuleTable& modules, size_t pages, OpenFile open)
      : modules_(modules), open_(std::move(open)), sets_(pages / kWays) {}

  // An open module with what is known of its rules.
  struct Loaded {
    const Module* module = nullptr;
    std::unique_ptr<ModuleCode> code;
    FdeTable table;
    std::optional<FdeIndex> index;  // of functions the table does not know; made when asked for
    uint32_t number = 0;            // of this opening, names its pages
  };

  // The module that has code at `pc`, opened at first use; null: none, or unreadable. Valid until
  // the next call of FindModule or OnModulesChanged.
  Loaded* FindModule(uint64_t pc);

  // The same of a module that may not be mapped any more. Valid until the next call of either.
  Loaded* FindModule(const Module& module);

  // The 8 bytes at `address` of the process in a module FindModule has opened, zeros behind the end
  // of the file. False: no such module.
  bool ReadWord(uint64_t address, uint64_t* word);

  // Reads at an address in the file; returns how many bytes there were.
  size_t Read(const Loaded& loaded, uint64_t address, void* into, size_t size);
  // The kPageBytes from an address in the file on, fewer at the end of a segment, kept as a page of
  // its own. Valid until the next read.
  absl::Span<const uint8_t> ReadChunk(const Loaded& loaded, uint64_t address);

  // After the process's maps changed: closes the modules that are no longer mapped.
  void OnModulesChanged();

  // Reads of files so far.
  uint64_t file_reads() const { return file_reads_; }
  size_t memory_bytes() const;

 private:
  struct Page {
    uint64_t address = 0;  // in the file
    uint32_t number = 0;   // of the module's opening; 0: none
    uint32_t size = 0;
    std::array<uint8_t, kPageBytes> bytes;
  };
  // The mapping FindModule found last.
  struct Last {
    uint64_t start = 0;
    uint64_t end = 0;
    Loaded* loaded = nullptr;
  };

  Loaded* Open(const Module& module);
  const Page& Load(const Loaded& loaded, uint64_t address);
  const Loaded* Holding(uint64_t address) const;
  bool IsMapped(const Module& module) const;

  const ModuleTable& modules_;
  const OpenFile open_;
  std::vector<std::unique_ptr<Loaded>> loaded_;  // by module id; null: not opened, or closed
  std::vector<Loaded*> recent_;                  // that have code, most recently used first
  Last last_;
  uint32_t openings_ = 0;
  uint64_t file_reads_ = 0;
  // The pages an address may be in, most recently used first.
  using Set = std::array<std::unique_ptr<Page>, kWays>;
  std::vector<Set> sets_;
};

}  // namespace lambent
