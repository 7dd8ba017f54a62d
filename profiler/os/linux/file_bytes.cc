// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace lambent::os {
namespace {

class LinuxFileBytes final : public FileBytes {
 public:
  LinuxFileBytes(int fd, uint64_t size, FileIdentity identity)
      : fd_(fd), size_(size), identity_(identity) {}
  ~LinuxFileBytes() override { close(fd_); }

  size_t ReadAt(uint64_t offset, void* into, size_t size) const override {
    size_t done = 0;
    while (done < size && offset + done < size_) {
      const ssize_t got = pread(fd_, static_cast<char*>(into) + done, size - done,
                                static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }
  uint64_t size() const override { return size_; }
  FileIdentity identity() const override { return identity_; }

 private:
  const int fd_;
  const uint64_t size_;
  const FileIdentity identity_;
};

// Opens it; `origin` null: whoever wrote it.
absl::StatusOr<std::unique_ptr<FileBytes>> Open(const std::string& path, const FileOrigin* origin) {
  // O_NONBLOCK: opening a pipe somebody put in the place of a file must not wait for its other end.
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (origin == nullptr ? 0 : O_NOFOLLOW);
  const int fd = open(path.c_str(), flags);
  if (fd < 0 && errno == ELOOP) {
    return absl::FailedPreconditionError(absl::StrCat("opening ", path, ": a symbolic link"));
  }
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path));
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(fd);
    return absl::FailedPreconditionError(absl::StrCat("opening ", path, ": not a regular file"));
  }
  const char* foreign = nullptr;
  if (origin != nullptr && status.st_uid != origin->uid && status.st_uid != 0) {
    foreign = ": of another user";
  } else if (origin != nullptr && absl::TimeFromTimespec(status.st_mtim) < origin->not_before) {
    foreign = ": left over from before";
  }
  if (foreign != nullptr) {
    close(fd);
    return absl::FailedPreconditionError(absl::StrCat("opening ", path, foreign));
  }
  return std::make_unique<LinuxFileBytes>(fd, static_cast<uint64_t>(status.st_size),
                                          FileIdentity{status.st_dev, status.st_ino});
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileBytes>> OpenFileBytes(const std::string& path) {
  return Open(path, nullptr);
}

absl::StatusOr<std::unique_ptr<FileBytes>> OpenFileBytesOf(const std::string& path,
                                                           const FileOrigin& origin) {
  return Open(path, &origin);
}

}  // namespace lambent::os
