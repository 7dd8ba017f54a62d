// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/perf_map.h"

#include <algorithm>
#include <charconv>

namespace lambent {
namespace {

// Takes a hexadecimal number and the blanks behind it off *line.
bool TakeHex(std::string_view* line, uint64_t* value) {
  if (line->substr(0, 2) == "0x") line->remove_prefix(2);
  const char* const end = line->data() + line->size();
  const auto result = std::from_chars(line->data(), end, *value, 16);
  if (result.ec != std::errc() || result.ptr == end || *result.ptr != ' ') return false;
  line->remove_prefix(static_cast<size_t>(result.ptr - line->data()));
  line->remove_prefix(std::min(line->find_first_not_of(' '), line->size()));
  return true;
}

}  // namespace

void PerfMap::Append(std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view piece = text.substr(0, end);
    line_.append(piece.substr(0, kMaxLineBytes - line_.size()));
    taken_bytes_ += piece.size();
    if (end == std::string_view::npos) return;
    ++taken_bytes_;
    TakeLine();
    line_.clear();
    line_offset_ = taken_bytes_;
    text.remove_prefix(end + 1);
  }
}

void PerfMap::TakeLine() {
  std::string_view rest = line_;
  Function function;
  uint64_t size = 0;
  if (!TakeHex(&rest, &function.start) || !TakeHex(&rest, &size) || rest.empty()) return;
  if (size == 0 || size > UINT64_MAX - function.start) return;
  function.end = function.start + size;
  function.name_offset = line_offset_ + (line_.size() - rest.size());
  function.name_bytes = static_cast<uint32_t>(std::min(rest.size(), kMaxNameBytes));
  Insert(function);
}

void PerfMap::Insert(const Function& function) {
  auto next = functions_.lower_bound(function.start);
  if (next != functions_.begin() && std::prev(next)->second.end > function.start) --next;
  while (next != functions_.end() && next->first < function.end) next = functions_.erase(next);
  if (functions_.size() < kMaxFunctions) functions_.emplace(function.start, function);
}

PerfMap::Function* PerfMap::Find(uint64_t address) {
  auto next = functions_.upper_bound(address);
  if (next == functions_.begin()) return nullptr;
  Function& function = std::prev(next)->second;
  return address < function.end ? &function : nullptr;
}

}  // namespace lambent
