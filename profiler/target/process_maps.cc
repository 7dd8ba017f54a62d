// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/process_maps.h"

#include <algorithm>
#include <charconv>

namespace lambent {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

// Takes a number and the `separator` after it off *line.
bool TakeNumber(std::string_view* line, int base, char separator, uint64_t* value) {
  const char* const end = line->data() + line->size();
  const auto result = std::from_chars(line->data(), end, *value, base);
  if (result.ec != std::errc() || result.ptr == end || *result.ptr != separator) return false;
  line->remove_prefix(static_cast<size_t>(result.ptr - line->data()) + 1);
  return true;
}

// The kernel writes a line break in a name as \012.
std::string UnescapePath(std::string_view path) {
  std::string plain;
  while (!path.empty()) {
    const bool escaped = path.substr(0, 4) == "\\012";
    plain.push_back(escaped ? '\n' : path[0]);
    path.remove_prefix(escaped ? 4 : 1);
  }
  return plain;
}

bool ParseLine(std::string_view line, Mapping* mapping) {
  if (!TakeNumber(&line, 16, '-', &mapping->start) || !TakeNumber(&line, 16, ' ', &mapping->end) ||
      mapping->end <= mapping->start || line.size() < 5 || line[4] != ' ') {
    return false;
  }
  mapping->readable = line[0] == 'r';
  mapping->executable = line[2] == 'x';
  line.remove_prefix(5);
  uint64_t major = 0;
  uint64_t minor = 0;
  if (!TakeNumber(&line, 16, ' ', &mapping->offset) || !TakeNumber(&line, 16, ':', &major) ||
      !TakeNumber(&line, 16, ' ', &minor)) {
    return false;
  }
  mapping->device = major << 32 | (minor & 0xffffffffu);
  const char* const end = line.data() + line.size();
  const auto inode = std::from_chars(line.data(), end, mapping->inode);
  if (inode.ec != std::errc()) return false;
  line.remove_prefix(static_cast<size_t>(inode.ptr - line.data()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  mapping->deleted =
      line.size() > kDeleted.size() && line.substr(line.size() - kDeleted.size()) == kDeleted;
  if (mapping->deleted) line.remove_suffix(kDeleted.size());
  mapping->path = UnescapePath(line);
  return true;
}

}  // namespace

std::vector<Mapping> ParseMaps(std::string_view text) {
  std::vector<Mapping> mappings;
  uint64_t covered = 0;
  while (!text.empty() && mappings.size() < kMaxMappings) {
    const size_t end = std::min(text.find('\n'), text.size());
    Mapping mapping;
    if (ParseLine(text.substr(0, end), &mapping) && mapping.start >= covered) {
      covered = mapping.end;
      mappings.push_back(std::move(mapping));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return mappings;
}

}  // namespace lambent
