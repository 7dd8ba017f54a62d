// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/interner.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lambent::collector {
namespace {

// About 32 MiB each at most; when full, remembering starts again.
constexpr size_t kMaxStacks = size_t{1} << 20;
constexpr size_t kMaxStringBytes = size_t{32} << 20;

}  // namespace

template <typename... Args>
absl::StatusOr<int64_t> Interner::FindOrInsert(const char* find, const char* insert,
                                               const Args&... args) {
  absl::StatusOr<Statement> select = database_.Prepare(find);
  if (!select.ok()) return select.status();
  const absl::StatusOr<bool> found = select->With(args...).Next();
  if (!found.ok()) return found.status();
  const int64_t id = *found ? select->Int(0) : 0;
  select->With();
  if (*found) return id;
  absl::StatusOr<Statement> add = database_.Prepare(insert);
  if (!add.ok()) return add.status();
  if (absl::Status s = add->With(args...).Run(); !s.ok()) return s;
  return database_.LastInsertId();
}

absl::StatusOr<int64_t> Interner::String(std::string_view content) {
  if (content.empty()) return 0;
  // Abseil's own string_view, which need not be the standard's: for lookup without a copy.
  const absl::string_view key(content.data(), content.size());
  if (const auto known = strings_.find(key); known != strings_.end()) return known->second;
  const absl::StatusOr<int64_t> id =
      FindOrInsert("SELECT id FROM strings WHERE content = ?",
                   "INSERT INTO strings (content) VALUES (?)", content);
  if (!id.ok()) return id;
  string_bytes_ += content.size();
  if (string_bytes_ > kMaxStringBytes) {
    strings_.clear();
    string_bytes_ = content.size();
  }
  strings_.emplace(content, *id);
  return id;
}

absl::StatusOr<int64_t> Interner::Module(int64_t path, int64_t build_id) {
  return FindOrInsert("SELECT id FROM modules WHERE path = ? AND build_id = ?",
                      "INSERT INTO modules (path, build_id) VALUES (?, ?)", path, build_id);
}

absl::StatusOr<int64_t> Interner::FrameId(const Frame& frame) {
  return FindOrInsert(
      "SELECT id FROM frames WHERE name = ? AND address = ? AND file = ? AND line = ?"
      " AND current_line = ? AND code_address = ? AND module = ? AND kind = ?",
      "INSERT INTO frames (name, address, file, line, current_line, code_address, module,"
      " kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      frame.name, frame.address, frame.file, frame.line, frame.current_line, frame.code_address,
      frame.module, frame.kind);
}

absl::StatusOr<int64_t> Interner::Stack(int64_t parent, int64_t frame) {
  const std::pair<int64_t, int64_t> key(parent, frame);
  if (const auto known = stacks_.find(key); known != stacks_.end()) return known->second;
  const absl::StatusOr<int64_t> id =
      FindOrInsert("SELECT id FROM stacks WHERE parent = ? AND frame = ?",
                   "INSERT INTO stacks (parent, frame) VALUES (?, ?)", parent, frame);
  if (!id.ok()) return id;
  if (stacks_.size() >= kMaxStacks) stacks_.clear();
  stacks_.emplace(key, *id);
  return id;
}

void Interner::Forget() {
  strings_.clear();
  string_bytes_ = 0;
  stacks_.clear();
}

}  // namespace lambent::collector
