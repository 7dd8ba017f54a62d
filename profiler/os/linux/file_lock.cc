// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace lambent::os {

absl::StatusOr<FileLock> FileLock::Acquire(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
  FileLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error != EWOULDBLOCK) return absl::ErrnoToStatus(error, absl::StrCat("flock ", path));
    char text[32] = {};
    const ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
    const int64_t pid = size > 0 ? std::strtoll(text, nullptr, 10) : 0;
    return absl::FailedPreconditionError(
        absl::StrCat("lock ", path, ": held by ",
                     pid > 0 ? absl::StrCat("process ", pid) : std::string("another process")));
  }
  const std::string text = absl::StrCat(getpid(), "\n");
  // The id is only for people: failing to write it does not make the lock less.
  if (ftruncate(fd, 0) != 0 || pwrite(fd, text.data(), text.size(), 0) < 0) return lock;
  return lock;
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace lambent::os
