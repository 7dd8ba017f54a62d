// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/line_table.h"

#include <algorithm>

namespace lambent::cpython {
namespace {

constexpr int64_t kNoLine = 0;
// Whatever a table adds up to, it stays below; nobody's file is longer.
constexpr int64_t kMaxLine = 1 << 30;
// Beyond this no function's code goes, so that 32 bits never wrap.
constexpr uint32_t kMaxCode = 1u << 30;

uint8_t Unsigned(char c) { return static_cast<uint8_t>(c); }
int8_t Signed(char c) { return static_cast<int8_t>(c); }

// Six bits a byte, bit 6 says that more follow; false at the table's end.
bool ReadVarint(absl::Span<const char> bytes, size_t* at, uint32_t* value) {
  *value = 0;
  for (uint32_t shift = 0;; shift += 6) {
    if (*at >= bytes.size() || shift > 30) return false;
    const uint8_t byte = Unsigned(bytes[(*at)++]);
    *value |= (byte & 63u) << shift;
    if ((byte & 64) == 0) return true;
  }
}

bool ReadSignedVarint(absl::Span<const char> bytes, size_t* at, int64_t* value) {
  uint32_t raw = 0;
  if (!ReadVarint(bytes, at, &raw)) return false;
  *value = (raw & 1) != 0 ? -static_cast<int64_t>(raw >> 1) : static_cast<int64_t>(raw >> 1);
  return true;
}

int64_t Clamp(int64_t line) { return std::clamp<int64_t>(line, -kMaxLine, kMaxLine); }

}  // namespace

LineTable::LineTable(LineForm form, absl::Span<const char> bytes, uint32_t first_line) {
  switch (form) {
    case LineForm::kSteps:
      AddSteps(bytes, first_line);
      break;
    case LineForm::kRanges:
      AddRanges(bytes, first_line);
      break;
    case LineForm::kLocations:
      AddLocations(bytes, first_line);
      break;
  }
  runs_.shrink_to_fit();
}

void LineTable::Append(uint32_t length, int64_t line) {
  const uint32_t start = runs_.empty() ? 0 : runs_.back().end;
  if (length == 0 || length > kMaxCode - start) return;
  const auto shown = static_cast<uint32_t>(line > 0 ? line : kNoLine);
  if (!runs_.empty() && runs_.back().line == shown) {
    runs_.back().end = start + length;
  } else {
    runs_.push_back({start + length, shown});
  }
}

void LineTable::AddSteps(absl::Span<const char> bytes, uint32_t first_line) {
  int64_t line = first_line;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    Append(Unsigned(bytes[i]), line);  // the code before the step is of the line before it
    line = Clamp(line + Signed(bytes[i + 1]));
  }
  Append(kMaxCode - (runs_.empty() ? 0 : runs_.back().end), line);
}

void LineTable::AddRanges(absl::Span<const char> bytes, uint32_t first_line) {
  constexpr int8_t kNone = -128;
  int64_t line = first_line;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const int8_t step = Signed(bytes[i + 1]);
    if (step != kNone) line = Clamp(line + step);
    Append(Unsigned(bytes[i]), step == kNone ? kNoLine : line);
  }
}

void LineTable::AddLocations(absl::Span<const char> bytes, uint32_t first_line) {
  constexpr uint32_t kOneLine = 10;  // to 12: the step to the line is in the code
  constexpr uint32_t kNoColumns = 13;
  constexpr uint32_t kLong = 14;
  constexpr uint32_t kNone = 15;
  int64_t line = first_line;
  for (size_t at = 0; at < bytes.size();) {
    const uint8_t head = Unsigned(bytes[at++]);
    if ((head & 0x80) == 0) return;  // every entry begins with it, nothing else has it
    const uint32_t code = head >> 3 & 15;
    int64_t step = 0;
    uint32_t skipped = 0;
    if (code < kOneLine) {
      at += 1;
    } else if (code < kNoColumns) {
      step = code - kOneLine;
      at += 2;
    } else if (code <= kLong && !ReadSignedVarint(bytes, &at, &step)) {
      return;
    }
    for (int i = 0; code == kLong && i < 3; ++i) {
      if (!ReadVarint(bytes, &at, &skipped)) return;
    }
    line = Clamp(line + step);
    Append(2 * ((head & 7u) + 1), code == kNone ? kNoLine : line);
  }
}

uint32_t LineTable::LineAt(uint32_t offset) const {
  const auto run = std::upper_bound(runs_.begin(), runs_.end(), offset,
                                    [](uint32_t at, const Run& r) { return at < r.end; });
  return run == runs_.end() ? 0 : run->line;
}

}  // namespace lambent::cpython
