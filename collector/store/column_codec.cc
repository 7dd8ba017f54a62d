// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/column_codec.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/receive/bounded_zstd.h"

namespace lambent::collector {
namespace {

constexpr char kFormatVersion = 1;
constexpr int kCompressionLevel = 3;
// The most a batch can make of itself in a blob (limits.h: 2^21 rows, about 60 bytes each).
constexpr uint64_t kMaxBlobBytes = uint64_t{256} << 20;

void AppendVarint(std::string& bytes, uint64_t value) {
  while (value >= 0x80) {
    bytes.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes.push_back(static_cast<char>(value));
}

bool ReadVarint(std::string_view bytes, size_t& at, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes[at++]);
    value |= uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

void ColumnWriter::Value(uint64_t value) { AppendVarint(bytes_, value); }

void ColumnWriter::Deltas(const std::vector<int64_t>& column, int64_t base) {
  uint64_t previous = static_cast<uint64_t>(base);  // unsigned: differences may wrap, and unwrap
  for (const int64_t signed_value : column) {
    const auto value = static_cast<uint64_t>(signed_value);
    const uint64_t delta = value - previous;
    Value((delta << 1) ^ (uint64_t{0} - (delta >> 63)));
    previous = value;
  }
}

std::string ColumnWriter::Finish() const {
  std::string blob(1, kFormatVersion);
  AppendVarint(blob, bytes_.size());
  return blob + Compress(bytes_, kCompressionLevel);
}

absl::StatusOr<ColumnReader> ColumnReader::Create(std::string_view blob) {
  if (blob.empty() || blob[0] != kFormatVersion) {
    return absl::DataLossError("stored columns: unknown format");
  }
  size_t at = 1;
  uint64_t size = 0;
  if (!ReadVarint(blob, at, size) || size > kMaxBlobBytes) {
    return absl::DataLossError("stored columns: no size");
  }
  absl::StatusOr<std::string> bytes = DecompressExactly(blob.substr(at), size);
  if (!bytes.ok()) return absl::DataLossError("stored columns: damaged");
  return ColumnReader(*std::move(bytes));
}

uint64_t ColumnReader::Value() {
  uint64_t value = 0;
  if (!ok_ || !ReadVarint(bytes_, at_, value)) {
    ok_ = false;
    return 0;
  }
  return value;
}

size_t ColumnReader::Count() {
  const uint64_t count = Value();
  if (count > bytes_.size() - at_) ok_ = false;  // each value takes a byte at least
  return ok_ ? count : 0;
}

std::vector<int64_t> ColumnReader::Deltas(size_t rows, int64_t base) {
  std::vector<int64_t> column(rows);
  auto previous = static_cast<uint64_t>(base);
  for (int64_t& value : column) {
    const uint64_t zigzag = Value();
    previous += (zigzag >> 1) ^ (uint64_t{0} - (zigzag & 1));
    value = static_cast<int64_t>(previous);
  }
  return column;
}

}  // namespace lambent::collector
