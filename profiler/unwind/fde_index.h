// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "profiler/unwind/module_code.h"

namespace lambent {

// The functions of a section of rules that comes without a sorted table: Go's and other
// .debug_frame, .eh_frame of linkers that write no .eh_frame_hdr. Made once, bounded.
// Thread-compatible.
class FdeIndex {
 public:
  static constexpr size_t kMaxEntries = 16384;  // 128 KB

  // `base`: the lowest address of the file's functions.
  FdeIndex(const RuleSection& section, uint64_t base) : section_(section), base_(base) {}

  // Takes a function's begin and the offset of its FDE. False: no more are taken.
  bool Add(uint64_t start, uint64_t fde) {
    if (entries_.size() == kMaxEntries) return false;
    // Functions the linker threw away begin at 0.
    if (start >= base_ && start - base_ <= UINT32_MAX && fde <= UINT32_MAX && start != 0) {
      entries_.push_back({static_cast<uint32_t>(start - base_), static_cast<uint32_t>(fde)});
    }
    return true;
  }
  void Finish() {
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.start < b.start; });
    entries_.shrink_to_fit();
  }

  // The address of the last FDE that does not begin behind `at`.
  std::optional<uint64_t> Find(uint64_t at) const {
    auto after = std::upper_bound(
        entries_.begin(), entries_.end(), at,
        [this](uint64_t a, const Entry& entry) { return a < base_ || a - base_ < entry.start; });
    if (after == entries_.begin()) return std::nullopt;
    return section_.address + (after - 1)->fde;
  }

  const RuleSection& section() const { return section_; }
  size_t size() const { return entries_.size(); }
  size_t memory_bytes() const { return entries_.capacity() * sizeof(Entry); }

 private:
  struct Entry {
    uint32_t start;  // from base_
    uint32_t fde;    // from the section's begin
  };
  RuleSection section_;
  uint64_t base_;
  std::vector<Entry> entries_;
};

}  // namespace lambent
