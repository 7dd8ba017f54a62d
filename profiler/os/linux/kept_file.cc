// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/linux/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace lambent::os {
namespace {

// The kernel gives a page at a time of most of these files; on the stack, so that what is not read
// costs nothing.
constexpr size_t kPieceBytes = 16 * 1024;

}  // namespace

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

ReadResult ReadPieces(const std::string& path, size_t limit,
                      absl::FunctionRef<void(std::string_view)> sink) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ResultOfErrno(errno);
  ReadResult result = ReadResult::kOk;
  std::array<char, kPieceBytes> piece;
  size_t largest = 0;
  for (size_t had = 0; had < limit;) {
    const ssize_t got = read(fd, piece.data(), std::min(limit - had, piece.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) result = ResultOfErrno(errno);
    if (got <= 0) break;
    const auto size = static_cast<size_t>(got);
    sink({piece.data(), size});
    had += size;
    largest = std::max(largest, size);
  }
  close(fd);
  explicit_bzero(piece.data(), largest);  // it may have been a process's environment
  return result;
}

ReadResult ReadWhole(const std::string& path, size_t limit, std::string* text) {
  text->clear();
  const ReadResult result = ReadPieces(
      path, limit, [text](std::string_view piece) { text->append(piece.data(), piece.size()); });
  if (text->size() >= limit) text->resize(text->rfind('\n') + 1);
  return result;
}

}  // namespace lambent::os
