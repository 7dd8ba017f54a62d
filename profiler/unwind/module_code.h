// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elf.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/os/file_bytes.h"
#include "profiler/unwind/cfi_entry.h"

namespace lambent {

// Where a module's table of unwind rules lies: .eh_frame_hdr's sorted table of (function, rules),
// both 32-bit and relative to the header. Addresses are the file's own.
struct UnwindTable {
  uint64_t header = 0;   // of .eh_frame_hdr
  uint64_t entries = 0;  // of its first entry
  uint64_t count = 0;    // of entries, 8 bytes each; 0: the module has no table we can search
};

// A section of rules that nothing sorts: .eh_frame, or .debug_frame, which is not loaded and lies
// at an address of its own here.
struct RuleSection {
  CfiFormat format = CfiFormat::kEhFrame;
  uint64_t address = 0;
  uint64_t size = 0;
};

// The loaded bytes of one module, read from its file: code, unwind rules, and initial data. The
// file is untrusted. Format: System V gABI chapter 5; LSB core, "Exception Frames".
// Thread-compatible.
class ModuleCode {
 public:
  // Errors: `file` is not a 64-bit little-endian ELF file with sane program headers.
  static absl::StatusOr<std::unique_ptr<ModuleCode>> Create(std::unique_ptr<os::FileBytes> file);

  // Reads up to `size` bytes at a file address; returns how many are in the file (none of .bss).
  size_t Read(uint64_t address, void* into, size_t size) const;

  const UnwindTable& table() const { return table_; }

  // The section to index where table() does not know a function; none without one.
  std::optional<RuleSection> FindRuleSection();

  static constexpr uint64_t kDebugFrameAddress = uint64_t{1} << 62;

  // Lowest and one past the highest address loaded.
  uint64_t low() const { return low_; }
  uint64_t high() const { return high_; }

 private:
  struct Segment {
    uint64_t address;
    uint64_t offset;
    uint64_t size;  // in the file
  };

  explicit ModuleCode(std::unique_ptr<os::FileBytes> file) : file_(std::move(file)) {}
  void FindTable(const Elf64_Phdr& header);
  std::vector<Elf64_Shdr> ReadSections() const;

  std::unique_ptr<os::FileBytes> file_;
  std::vector<Segment> segments_;
  UnwindTable table_;
  uint64_t low_ = UINT64_MAX;
  uint64_t high_ = 0;
};

}  // namespace lambent
