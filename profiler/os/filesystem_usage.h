// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace lambent::os {

// How full a file system is, in bytes.
struct FilesystemUsage {
  int64_t size_bytes = 0;
  int64_t used_bytes = 0;
};

// Usage of the file system that holds `path` (statvfs(3)). Thread-safe.
absl::StatusOr<FilesystemUsage> ReadFilesystemUsage(const std::string& path);

}  // namespace lambent::os
