// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace lambent {

// Index of a string in a StringTable. Id 0 is the empty string.
enum class StringId : uint32_t {};

// Strings by index, each once, in order of first appearance. Bytes, not text: any content.
// Thread-compatible. Views returned stay valid as long as the table.
class StringTable {
 public:
  StringTable() { Intern(""); }
  StringTable(const StringTable&) = delete;
  StringTable& operator=(const StringTable&) = delete;

  // The id of `text`, added if new.
  StringId Intern(std::string_view text) {
    if (auto it = ids_.find(text); it != ids_.end()) return it->second;
    const auto id = static_cast<StringId>(strings_.size());
    strings_.emplace_back(text);
    bytes_ += text.size();
    ids_.emplace(strings_.back(), id);
    return id;
  }

  // REQUIRES: `id` came from this table.
  std::string_view Get(StringId id) const { return strings_[static_cast<size_t>(id)]; }

  size_t size() const { return strings_.size(); }
  // Bytes of all strings together.
  size_t bytes() const { return bytes_; }

 private:
  std::deque<std::string> strings_;  // a deque: elements never move, so the map's keys stay valid
  absl::flat_hash_map<std::string_view, StringId> ids_;
  size_t bytes_ = 0;
};

}  // namespace lambent
