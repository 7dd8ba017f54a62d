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
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/symbolize/entry_walk.h"
#include "collector/symbolize/source_frame.h"
#include "collector/symbolize/unit_index.h"
#include "profiler/os/file_bytes.h"

namespace lambent::collector {

// The debugging information of one ELF file: DWARF 2 to 5, sections compressed or not, units split
// off into .dwo files (found where they were built, by the identifier they share; packages of them,
// .dwp, are not looked for), by libdw. The file is read into memory as a whole: mapped, it would
// take the program down when somebody shortens it, as a .dwo may, which libdw maps. Untrusted:
// whatever it holds, answers are errors, or names and lines. Thread-compatible.
class DebugFile {
 public:
  static constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;
  // Compilation units; Chromium has some 40,000.
  static constexpr size_t kMaxUnits = size_t{1} << 20;
  // Pieces of code that units are in, one a function where each has a section of its own.
  static constexpr size_t kMaxUnitRanges = size_t{1} << 23;
  // Entries looked at to answer for one address, once its unit is indexed.
  static constexpr size_t kMaxEntriesOfAddress = size_t{1} << 20;
  // Functions inlined into each other; beyond it the innermost are missing.
  static constexpr size_t kMaxInlined = 128;

  // .gnu_debuglink: where a stripped file says its debugging information is.
  struct Link {
    std::string name;  // without a folder
    uint32_t checksum = 0;
  };

  // Whether so many bytes more may be held: asked before they are.
  using Room = absl::FunctionRef<bool(uint64_t bytes)>;
  static bool AnyRoom(uint64_t) { return true; }

  // Errors: INVALID_ARGUMENT (no ELF file), RESOURCE_EXHAUSTED (too large, or no room).
  static absl::StatusOr<std::unique_ptr<DebugFile>> Read(const os::FileBytes& file,
                                                         Room room = AnyRoom);
  ~DebugFile();
  DebugFile(const DebugFile&) = delete;
  DebugFile& operator=(const DebugFile&) = delete;

  const std::string& build_id() const { return build_id_; }  // raw bytes; empty: it has none
  bool has_debug_info() const { return dwarf_ != nullptr; }
  std::optional<Link> link() const;
  // Build id of the file with what several files have in common (dwz); empty: there is none.
  std::string shared_build_id() const;
  void UseShared(std::unique_ptr<DebugFile> shared);
  // Held in memory: the file, what was compressed in it, and what Find keeps, which grows with the
  // units it is asked for. Of libdw's own part no interface tells: an estimate, on the high side.
  size_t bytes() const;

  // The functions at `address`, as the module's file numbers it. Errors: NOT_FOUND when no function
  // is there; DATA_LOSS for damaged debugging information, with libdw's words.
  absl::StatusOr<SourceFrames> Find(uint64_t address);

 private:
  struct UnitRange {
    uint64_t low = 0;
    uint64_t high = 0;
    Dwarf_CU* unit = nullptr;
  };

  DebugFile(std::vector<char> image, Elf* elf, uint64_t expanded_bytes);
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
  const uint64_t expanded_bytes_;  // of compressed sections
  Dwarf* dwarf_ = nullptr;
  std::string build_id_;
  std::unique_ptr<DebugFile> shared_;
  bool units_read_ = false;
  std::vector<UnitRange> units_;  // by low
  absl::flat_hash_map<Dwarf_CU*, std::unique_ptr<UnitIndex>> indices_;
  size_t unit_bytes_ = 0;  // of indices_, and of what libdw keeps of their units
};

}  // namespace lambent::collector
