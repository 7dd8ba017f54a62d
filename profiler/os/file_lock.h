// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace lambent::os {

// A file that only one process holds at a time; released when this goes or the process ends,
// however it ends. Move-only; thread-compatible.
class FileLock {
 public:
  // Creates `path` if need be, locks it (flock(2), without waiting) and writes our process id into
  // it. FAILED_PRECONDITION when another process holds it, naming its process id when it is known.
  static absl::StatusOr<FileLock> Acquire(const std::string& path);

  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace lambent::os
