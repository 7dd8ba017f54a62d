// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>

namespace lambent {

// Bytes of call frame information, written by hand in the order they stand in.
class CfiBytes {
 public:
  CfiBytes& Byte(unsigned value) {
    bytes_.push_back(static_cast<char>(value));
    return *this;
  }
  CfiBytes& Bytes(std::initializer_list<unsigned> values) {
    for (const unsigned value : values) Byte(value);
    return *this;
  }
  template <typename T>
  CfiBytes& Value(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  CfiBytes& Uleb(uint64_t value) {
    for (; value >= 0x80; value >>= 7) Byte(static_cast<unsigned>(value & 0x7f) | 0x80);
    return Byte(static_cast<unsigned>(value));
  }
  CfiBytes& Sleb(int64_t value) {
    while (value < -64 || value > 63) {
      Byte(static_cast<unsigned>(value & 0x7f) | 0x80);
      value >>= 7;
    }
    return Byte(static_cast<unsigned>(value & 0x7f));
  }
  CfiBytes& Text(const std::string& text) {
    bytes_.append(text);
    return *this;
  }
  // An expression with its length in front.
  CfiBytes& Block(const CfiBytes& block) { return Uleb(block.bytes_.size()).Text(block.bytes_); }

  const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace lambent
