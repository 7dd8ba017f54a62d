// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/types/span.h"

namespace lambent {

// Reads little-endian values out of bytes from a stranger. After the first value that is not there
// everything reads as zero, ok() is false and done() is true, so that a loop over a cursor ends.
// The bytes must outlive it. A value.
class ByteCursor {
 public:
  explicit ByteCursor(absl::Span<const uint8_t> bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  template <typename T>
  T Read() {
    T value{};
    if (left() < sizeof(T)) {
      Fail();
    } else {
      std::memcpy(&value, at_, sizeof(T));
      at_ += sizeof(T);
    }
    return value;
  }

  // LEB128, DWARF 5 section 7.6. Longer than 64 bits need is a failure.
  uint64_t Uleb() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const auto byte = Read<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    Fail();
    return 0;
  }
  int64_t Sleb() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70;) {
      const auto byte = Read<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if ((byte & 0x40) != 0 && shift < 64) value |= ~uint64_t{0} << shift;
      return static_cast<int64_t>(value);
    }
    Fail();
    return 0;
  }

  // The next `size` bytes, or none and a failure.
  absl::Span<const uint8_t> Take(uint64_t size) {
    if (size > left()) {
      Fail();
      return {};
    }
    const absl::Span<const uint8_t> taken(at_, static_cast<size_t>(size));
    at_ += size;
    return taken;
  }
  void MoveTo(size_t offset) {
    if (offset > static_cast<size_t>(end_ - begin_)) return Fail();
    at_ = begin_ + offset;
  }
  void Fail() {
    failed_ = true;
    at_ = end_;
  }

  bool ok() const { return !failed_; }
  bool done() const { return at_ == end_; }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  absl::Span<const uint8_t> rest() const { return {at_, left()}; }

 private:
  const uint8_t* begin_;
  const uint8_t* at_;
  const uint8_t* end_;
  bool failed_ = false;
};

}  // namespace lambent
