// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/fde_table.h"

#include <algorithm>
#include <cstring>

namespace lambent {
namespace {

// An entry of the table: where a function begins and where its FDE lies, from the header.
struct Entry {
  int32_t start;
  int32_t fde;
};
static_assert(sizeof(Entry) == FdeTable::kEntryBytes);

Entry EntryAt(absl::Span<const uint8_t> chunk, size_t index) {
  Entry entry;
  std::memcpy(&entry, chunk.data() + index * sizeof(entry), sizeof(entry));
  return entry;
}

}  // namespace

FdeTable::FdeTable(const UnwindTable& table)
    : table_(table),
      chunks_((table.count + kChunkEntries - 1) / kChunkEntries),
      keys_(static_cast<size_t>(std::min(chunks_, kMaxKeys))) {}

bool FdeTable::ReadKey(const ModuleCode& code, uint64_t chunk, int32_t* start) {
  Key* const key = chunk < keys_.size() ? &keys_[static_cast<size_t>(chunk)] : nullptr;
  if (key != nullptr && key->known) {
    *start = key->start;
    return true;
  }
  Entry entry;
  const uint64_t address = table_.entries + chunk * kChunkBytes;
  if (code.Read(address, &entry, sizeof(entry)) != sizeof(entry)) return false;
  *start = entry.start;
  if (key != nullptr) *key = {entry.start, true};
  return true;
}

std::optional<FdeTable::Found> FdeTable::Find(
    const ModuleCode& code, uint64_t at,
    absl::FunctionRef<absl::Span<const uint8_t>(uint64_t)> read_chunk) {
  const auto relative = static_cast<int64_t>(at - table_.header);
  if (chunks_ == 0 || relative < INT32_MIN || relative > INT32_MAX) return std::nullopt;
  const auto wanted = static_cast<int32_t>(relative);
  uint64_t low = 0;  // the last chunk that does not begin behind it
  for (uint64_t size = chunks_; size > 1;) {
    const uint64_t half = size / 2;
    int32_t start = 0;
    if (!ReadKey(code, low + half, &start)) return std::nullopt;
    if (start <= wanted) low += half;
    size -= half;
  }
  const absl::Span<const uint8_t> chunk = read_chunk(table_.entries + low * kChunkBytes);
  const uint64_t left = table_.count - low * kChunkEntries;
  size_t count = std::min({chunk.size() / kEntryBytes, static_cast<size_t>(kChunkEntries),
                           static_cast<size_t>(std::min<uint64_t>(left, kChunkEntries))});
  if (count == 0) return std::nullopt;
  size_t first = 0;
  for (; count > 1;) {
    const size_t half = count / 2;
    if (EntryAt(chunk, first + half).start <= wanted) first += half;
    count -= half;
  }
  const Entry found = EntryAt(chunk, first);
  if (found.start > wanted) return std::nullopt;
  return Found{.start = table_.header + static_cast<uint64_t>(int64_t{found.start}),
               .fde = table_.header + static_cast<uint64_t>(int64_t{found.fde}),
               .entry = table_.entries + low * kChunkBytes + first * kEntryBytes};
}

}  // namespace lambent
