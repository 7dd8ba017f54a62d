// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "profiler/os/file_bytes.h"

namespace lambent::fakes {

// What was read of a file.
struct FileReads {
  size_t calls = 0;
  size_t bytes = 0;
};

// A file held in memory that counts what is read of it, for tests of what reading costs. `reads`
// must outlive it. Thread-compatible.
class CountingFileBytes final : public os::FileBytes {
 public:
  CountingFileBytes(std::string bytes, FileReads* reads)
      : bytes_(std::move(bytes)), reads_(reads) {}

  size_t ReadAt(uint64_t offset, void* into, size_t size) const override {
    const size_t read = bytes_.ReadAt(offset, into, size);
    ++reads_->calls;
    reads_->bytes += read;
    return read;
  }
  uint64_t size() const override { return bytes_.size(); }
  os::FileIdentity identity() const override { return bytes_.identity(); }

 private:
  os::MemoryFileBytes bytes_;
  FileReads* const reads_;
};

}  // namespace lambent::fakes
