// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/perf_map_file.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace lambent {

bool PerfMapFile::ReadPid() {
  os::ProcessStatus status;
  if (process_.ReadStatus(&status) != os::ReadResult::kOk) return false;
  const int32_t pid = status.namespace_pid != 0 ? status.namespace_pid : process_.pid();
  path_ = absl::StrCat("/tmp/perf-", pid, ".map");
  return true;
}

void PerfMapFile::Refresh(int64_t now_ns) {
  if (file_ == nullptr && now_ns < look_again_ns_) return;
  look_again_ns_ = now_ns + kLookAgainNs;
  if (path_.empty() && !ReadPid()) return;
  absl::StatusOr<std::unique_ptr<os::FileBytes>> file = process_.OpenWritten(path_);
  if (!file.ok()) {
    Forget();
    look_again_ns_ = now_ns + kLookAgainNs;
    return;
  }
  file_ = *std::move(file);
  if (file_->identity() != identity_ || file_->size() < map_.taken_bytes()) {
    identity_ = file_->identity();
    map_ = PerfMap();
  }
  const uint64_t end = std::min(file_->size(), kMaxFileBytes);
  if (map_.taken_bytes() >= end) return;
  buffer_.resize(std::min<uint64_t>(kMaxReadBytes, end - map_.taken_bytes()));
  const size_t read = file_->ReadAt(map_.taken_bytes(), buffer_.data(), buffer_.size());
  map_.Append(std::string_view(buffer_).substr(0, read));
}

std::optional<PerfMapFile::Function> PerfMapFile::Find(uint64_t address) const {
  const std::optional<PerfMap::Function> found = map_.Find(address);
  if (!found.has_value() || file_ == nullptr) return std::nullopt;
  std::string name(found->name_bytes, '\0');
  if (file_->ReadAt(found->name_offset, name.data(), name.size()) != name.size()) {
    return std::nullopt;  // the file was cut
  }
  // What is there now may not be what was there when the line was read.
  name.resize(std::min(name.find('\n'), name.size()));
  if (name.empty()) return std::nullopt;
  return Function{std::move(name), found->start};
}

void PerfMapFile::Forget() {
  path_.clear();
  file_.reset();
  identity_ = {};
  map_ = PerfMap();
  look_again_ns_ = 0;
}

}  // namespace lambent
