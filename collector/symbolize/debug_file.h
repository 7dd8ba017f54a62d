// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/symbolize/entry_walk.h"
#include "collector/symbolize/source_frame.h"
#include "collector/symbolize/unit_index.h"
#include "profiler/os/file_bytes.h"

namespace lambent::collector {

// The debugging information of one ELF file: DWARF 2 to 5, sections compressed or not, units split
// off into .dwo files, by libdw. The file is read into memory as a whole: mapped, it would take the
// program down when somebody shortens it. Untrusted: whatever it holds, answers are errors, or
// names and lines. Thread-compatible.
class DebugFile {
 public:
  static constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;
  // Compilation units; Chromium has some 40,000.
  static constexpr size_t kMaxUnits = size_t{1} << 20;
  // Entries looked at to answer for one address, once its unit is indexed.
  static constexpr size_t kMaxEntriesOfAddress = size_t{1} << 20;
  // Functions inlined into each other; beyond it the innermost are missing.
  static constexpr size_t kMaxInlined = 128;

  // .gnu_debuglink: where a stripped file says its debugging information is.
  struct Link {
    std::string name;  // without a folder
    uint32_t checksum = 0;
  };

  // Errors: INVALID_ARGUMENT (no ELF file), RESOURCE_EXHAUSTED (too large).
  static absl::StatusOr<std::unique_ptr<DebugFile>> Read(const os::FileBytes& file);
  ~DebugFile();
  DebugFile(const DebugFile&) = delete;
  DebugFile& operator=(const DebugFile&) = delete;

  const std::string& build_id() const { return build_id_; }  // raw bytes; empty: it has none
  bool has_debug_info() const { return dwarf_ != nullptr; }
  std::optional<Link> link() const;
  // Build id of the file with what several files have in common (dwz); empty: there is none.
  std::string shared_build_id() const;
  void UseShared(std::unique_ptr<DebugFile> shared);
  size_t bytes() const { return image_.size() + (shared_ ? shared_->bytes() : 0); }

  // The functions at `address`, as the module's file numbers it. Errors: NOT_FOUND when no function
  // is there; DATA_LOSS for damaged debugging information, with libdw's words.
  absl::StatusOr<SourceFrames> Find(uint64_t address);

 private:
  struct UnitRange {
    uint64_t low = 0;
    uint64_t high = 0;
    Dwarf_CU* unit = nullptr;
  };

  DebugFile(std::vector<char> image, Elf* elf);
  void ReadUnits();
  const UnitIndex& IndexOf(Dwarf_Die* unit);
  std::string NameOf(Dwarf_Die* function);
  // `path`: the function that holds the address; what is inlined there is appended, outermost
  // first.
  absl::Status FindInlined(uint64_t address, std::vector<Dwarf_Die>* path) const;
  // The frames of such a path. `at`: what the innermost executes; `unit`: of the functions.
  SourceFrames FramesOf(std::vector<Dwarf_Die>& path, SourceLine at, Dwarf_Die* unit);

  std::vector<char> image_;  // libelf's, as long as elf_ lives
  Elf* const elf_;
  Dwarf* dwarf_ = nullptr;
  std::string build_id_;
  std::unique_ptr<DebugFile> shared_;
  bool units_read_ = false;
  std::vector<UnitRange> units_;  // by low
  absl::flat_hash_map<Dwarf_CU*, std::unique_ptr<UnitIndex>> indices_;
};

}  // namespace lambent::collector
