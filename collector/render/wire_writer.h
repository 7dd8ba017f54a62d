// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lambent::collector {

// Appends `value` in base 128, least significant group first
// (protobuf.dev/programming-guides/encoding).
inline void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

// Writes protobuf fields in the order they are given. Enough of the encoding for profile.proto: a
// generated class would hold every sample twice. A value; thread-compatible.
class WireWriter {
 public:
  void Varint(uint32_t field, uint64_t value) {
    AppendVarint(uint64_t{field} << 3, &bytes_);
    AppendVarint(value, &bytes_);
  }
  // Leaves out zero, as proto3 does.
  void NonZero(uint32_t field, uint64_t value) {
    if (value != 0) Varint(field, value);
  }
  void Bytes(uint32_t field, std::string_view value) {
    AppendVarint(uint64_t{field} << 3 | 2, &bytes_);
    AppendVarint(value.size(), &bytes_);
    bytes_.append(value);
  }
  void Message(uint32_t field, const WireWriter& message) { Bytes(field, message.bytes_); }

  const std::string& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

}  // namespace lambent::collector
