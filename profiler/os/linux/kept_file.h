// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"

#include "profiler/os/proc_values.h"

namespace lambent::os {

// What an errno of a file below /proc means.
ReadResult ResultOfErrno(int error);

// A small file of /proc whose descriptor is kept: every Read is one pread from its start. Opened by
// the first Read; after that nothing allocates. Thread-compatible.
class KeptFile {
 public:
  explicit KeptFile(std::string path) : path_(std::move(path)) {}
  ~KeptFile();
  KeptFile(const KeptFile&) = delete;
  KeptFile& operator=(const KeptFile&) = delete;

  // Reads up to `size` bytes into `buffer` and sets *text to them.
  ReadResult Read(char* buffer, size_t size, std::string_view* text);

 private:
  std::string path_;
  int fd_ = -1;
};

// A folder of /proc with numbers for names, its descriptor kept. Thread-compatible.
class KeptFolder {
 public:
  explicit KeptFolder(std::string path) : path_(std::move(path)) {}
  ~KeptFolder();
  KeptFolder(const KeptFolder&) = delete;
  KeptFolder& operator=(const KeptFolder&) = delete;

  // The names that are positive numbers, ascending. At most `limit`.
  ReadResult ListNumbers(std::vector<int32_t>* numbers, size_t limit);

  // Its count of links, fstat(2), once ListNumbers has opened it; kRefused before.
  ReadResult CountLinks(int64_t* links);

 private:
  std::string path_;
  DIR* folder_ = nullptr;
};

// Gives a whole file to `sink` in pieces, `limit` bytes at most; nothing of them stays in memory.
ReadResult ReadPieces(const std::string& path, size_t limit,
                      absl::FunctionRef<void(std::string_view)> sink);

// Reads a whole file once, at most `limit` bytes, then cut at the last whole line.
ReadResult ReadWhole(const std::string& path, size_t limit, std::string* text);

}  // namespace lambent::os
