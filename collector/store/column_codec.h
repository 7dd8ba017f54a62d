// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace lambent::collector {

// Appends columns of integers to bytes. Thread-compatible.
class ColumnWriter {
 public:
  void Value(uint64_t value);  // LEB128
  template <typename T>
  void Plain(const std::vector<T>& column) {
    for (const T value : column) Value(static_cast<uint64_t>(value));
  }
  // Zigzag of each value's difference to the one before; the first's to `base`.
  void Deltas(const std::vector<int64_t>& column, int64_t base = 0);
  // The blob: version byte, size, zstd.
  std::string Finish() const;

 private:
  std::string bytes_;
};

// Reads them back from bytes that may be damaged: after the first thing that makes no sense, ok()
// is false and every value is 0. Thread-compatible.
class ColumnReader {
 public:
  // DATA_LOSS when `blob` is not what Finish() made.
  static absl::StatusOr<ColumnReader> Create(std::string_view blob);

  uint64_t Value();
  // A length: at most what the remaining bytes could hold, else ok() becomes false.
  size_t Count();
  template <typename T>
  std::vector<T> Plain(size_t rows) {
    std::vector<T> column(rows);
    for (T& value : column) value = static_cast<T>(Value());
    return column;
  }
  std::vector<int64_t> Deltas(size_t rows, int64_t base = 0);
  // Bytes not read yet: no column can have more values.
  size_t Remaining() const { return bytes_.size() - at_; }
  // Whether everything was read, and made sense.
  bool Complete() const { return ok_ && at_ == bytes_.size(); }

 private:
  explicit ColumnReader(std::string bytes) : bytes_(std::move(bytes)) {}

  std::string bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace lambent::collector
