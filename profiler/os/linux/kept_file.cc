// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/linux/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace lambent::os {

ReadResult ResultOfErrno(int error) {
  switch (error) {
    case ENOENT:
    case ESRCH:
    case ENOTDIR:
      return ReadResult::kGone;
    default:
      return ReadResult::kRefused;
  }
}

KeptFile::~KeptFile() {
  if (fd_ >= 0) close(fd_);
}

ReadResult KeptFile::Read(char* buffer, size_t size, std::string_view* text) {
  if (fd_ < 0) fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return ResultOfErrno(errno);
  ssize_t got;
  do {
    got = pread(fd_, buffer, size, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return ResultOfErrno(errno);
  *text = {buffer, static_cast<size_t>(got)};
  return ReadResult::kOk;
}

KeptFolder::~KeptFolder() {
  if (folder_ != nullptr) closedir(folder_);
}

ReadResult KeptFolder::ListNumbers(std::vector<int32_t>* numbers, size_t limit) {
  numbers->clear();
  if (folder_ == nullptr) {
    folder_ = opendir(path_.c_str());
    if (folder_ == nullptr) return ResultOfErrno(errno);
  } else {
    rewinddir(folder_);
  }
  while (numbers->size() < limit) {
    errno = 0;
    const dirent* const entry = readdir(folder_);
    if (entry == nullptr) {
      if (errno != 0) return ResultOfErrno(errno);
      break;
    }
    int32_t number = 0;
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    const auto parsed = std::from_chars(entry->d_name, end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end && number > 0) numbers->push_back(number);
  }
  // The kernel lists them in order; a fixture's file system need not.
  if (!std::is_sorted(numbers->begin(), numbers->end())) {
    std::sort(numbers->begin(), numbers->end());
  }
  return ReadResult::kOk;
}

ReadResult KeptFolder::CountLinks(int64_t* links) {
  struct stat facts {};
  if (folder_ == nullptr) return ReadResult::kRefused;
  if (fstat(dirfd(folder_), &facts) != 0) return ResultOfErrno(errno);
  *links = static_cast<int64_t>(facts.st_nlink);
  return ReadResult::kOk;
}

ReadResult ReadWhole(const std::string& path, size_t limit, std::string* text) {
  text->clear();
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ResultOfErrno(errno);
  ReadResult result = ReadResult::kOk;
  while (text->size() < limit) {
    const size_t had = text->size();
    const size_t room = std::min<size_t>(limit - had, 64 * 1024);
    text->resize(had + room);
    const ssize_t got = read(fd, text->data() + had, room);
    text->resize(had + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) result = ResultOfErrno(errno);
    if (got <= 0) break;
  }
  close(fd);
  if (text->size() >= limit) text->resize(text->rfind('\n') + 1);
  return result;
}

}  // namespace lambent::os
