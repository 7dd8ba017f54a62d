// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lambent::os {

// Names a file's content for as long as it exists.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// Bounded positional reads of a file, for parsers of untrusted files: reading beyond the end is
// short, never a fault (as it would be with mmap when a file shrinks). Thread-safe.
class FileBytes {
 public:
  virtual ~FileBytes() = default;
  // Reads up to `size` bytes at `offset`; returns how many were there.
  virtual size_t ReadAt(uint64_t offset, void* into, size_t size) const = 0;
  // Size when it was opened.
  virtual uint64_t size() const = 0;
  virtual FileIdentity identity() const = 0;
};

// Opens a regular file. Errors: what, path, cause.
absl::StatusOr<std::unique_ptr<FileBytes>> OpenFileBytes(const std::string& path);

// Who must have written a file, and since when.
struct FileOrigin {
  uint32_t uid = 0;  // or root
  absl::Time not_before;
};

// As OpenFileBytes, but neither a symbolic link nor a file of another origin (FailedPrecondition).
absl::StatusOr<std::unique_ptr<FileBytes>> OpenFileBytesOf(const std::string& path,
                                                           const FileOrigin& origin);

// Reads a fixed-size value at `offset`; false when the file ends before it.
template <typename T>
bool ReadValueAt(const FileBytes& file, uint64_t offset, T* value) {
  return file.ReadAt(offset, value, sizeof(T)) == sizeof(T);
}

// Bytes of a file held in memory: for parsers' tests and for content that came otherwise.
class MemoryFileBytes final : public FileBytes {
 public:
  explicit MemoryFileBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  size_t ReadAt(uint64_t offset, void* into, size_t size) const override {
    if (offset >= bytes_.size()) return 0;
    return bytes_.copy(static_cast<char*>(into), size, static_cast<size_t>(offset));
  }
  uint64_t size() const override { return bytes_.size(); }
  FileIdentity identity() const override { return {}; }

 private:
  std::string bytes_;
};

}  // namespace lambent::os
