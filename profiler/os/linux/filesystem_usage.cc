// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/filesystem_usage.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace lambent::os {

absl::StatusOr<FilesystemUsage> ReadFilesystemUsage(const std::string& path) {
  struct statvfs usage {};
  if (statvfs(path.c_str(), &usage) != 0) {
    return absl::UnavailableError(absl::StrCat("read usage of ", path, ": ", std::strerror(errno)));
  }
  const auto block = static_cast<int64_t>(usage.f_frsize);
  return FilesystemUsage{static_cast<int64_t>(usage.f_blocks) * block,
                         static_cast<int64_t>(usage.f_blocks - usage.f_bfree) * block};
}

}  // namespace lambent::os
