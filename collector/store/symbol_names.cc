// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/symbol_names.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "collector/receive/symbol_part.h"

namespace lambent::collector {
namespace {

// A frame to be named. In order of these fields, each part of a table is met once.
struct Nameless {
  int64_t build_id = 0;  // strings.id
  uint64_t address = 0;
  int64_t frame = 0;

  friend bool operator<(const Nameless& a, const Nameless& b) {
    return std::tie(a.build_id, a.address, a.frame) < std::tie(b.build_id, b.address, b.frame);
  }
};

// The frames that a table which is there may name.
absl::StatusOr<std::vector<Nameless>> FindNameless(Database& database, const StackForest& forest) {
  std::vector<Nameless> nameless;
  absl::StatusOr<Statement> row = database.Prepare(
      "SELECT t.build_id FROM frames f JOIN modules m ON m.id = f.module"
      " JOIN symbol_tables t ON t.build_id = m.build_id WHERE f.id = ? AND EXISTS"
      " (SELECT 1 FROM symbol_parts p WHERE p.build_id = t.build_id)");
  if (!row.ok()) return row.status();
  for (const auto& [id, frame] : forest.frames) {
    if (frame.kind != FrameKind::kNative || !frame.name.empty()) continue;
    const absl::StatusOr<bool> found = row->With(id).Next();
    if (!found.ok()) return found.status();
    if (*found) nameless.push_back({row->Int(0), frame.address, id});
  }
  row->With();
  std::sort(nameless.begin(), nameless.end());
  return nameless;
}

// The part of the table whose ranges may cover `address`; nullopt: none.
absl::StatusOr<std::optional<SymbolPart>> ReadPart(Database& database, const Nameless& at) {
  absl::StatusOr<Statement> row = database.Prepare(
      "SELECT base, content_bytes, content, end_address FROM symbol_parts"
      " WHERE build_id = ?1 AND base <= ?2 ORDER BY base DESC LIMIT 1");
  if (!row.ok()) return row.status();
  const absl::StatusOr<bool> found = row->With(at.build_id, at.address).Next();
  if (!found.ok()) return found.status();
  // Parts follow each other: where the last one that begins before has ended, there is none.
  if (!*found || at.address >= static_cast<uint64_t>(row->Int(3))) {
    row->With();
    return std::optional<SymbolPart>();
  }
  absl::StatusOr<SymbolPart> part = SymbolPart::Decode(
      row->Bytes(2), static_cast<uint64_t>(row->Int(1)), static_cast<uint64_t>(row->Int(0)));
  row->With();
  if (!part.ok()) return absl::DataLossError("stored symbols: damaged");
  return std::optional<SymbolPart>(*std::move(part));
}

}  // namespace

absl::Status NameBySymbols(Database& database, StackForest& forest) {
  const absl::StatusOr<std::vector<Nameless>> nameless = FindNameless(database, forest);
  if (!nameless.ok()) return nameless.status();
  int64_t build_id = 0;  // of `part`
  std::optional<SymbolPart> part;
  for (const Nameless& one : *nameless) {
    if (!part.has_value() || build_id != one.build_id || one.address >= part->end()) {
      absl::StatusOr<std::optional<SymbolPart>> read = ReadPart(database, one);
      if (!read.ok()) return read.status();
      part = *std::move(read);
      build_id = one.build_id;
    }
    if (!part.has_value()) continue;
    const std::optional<SymbolPart::Function> function = part->Find(one.address);
    if (!function.has_value()) continue;
    FrameRecord& frame = forest.frames.at(one.frame);
    frame.name = std::string(function->name);
    frame.address = function->start;
  }
  return absl::OkStatus();
}

}  // namespace lambent::collector
