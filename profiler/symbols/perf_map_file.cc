// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/perf_map_file.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace lambent {
namespace {

// Enough lines to tell what was appended to from what was written anew: of two programs, even of
// one started twice, functions are at other addresses.
constexpr uint64_t kEndBytes = 256;

// `bytes` of the file that end at `end`, or fewer.
std::string ReadBefore(const os::FileBytes& file, uint64_t end, uint64_t bytes) {
  std::string text(std::min(bytes, end), '\0');
  text.resize(file.ReadAt(end - text.size(), text.data(), text.size()));
  return text;
}

}  // namespace

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
    Clear();
    return;
  }
  const bool known = file_ != nullptr && (*file)->identity() == identity_;
  file_ = *std::move(file);
  if (!known || file_->size() < map_.taken_bytes()) {
    identity_ = file_->identity();
    map_ = PerfMap(Beginning());
  }
  const uint64_t end = std::min(file_->size(), kMaxFileBytes);
  if (map_.taken_bytes() >= end) return;
  buffer_.resize(std::min<uint64_t>(kMaxReadBytes, end - map_.taken_bytes()));
  const size_t read = file_->ReadAt(map_.taken_bytes(), buffer_.data(), buffer_.size());
  map_.Append(std::string_view(buffer_).substr(0, read));
}

std::optional<PerfMapFile::Function> PerfMapFile::Find(uint64_t address) {
  PerfMap::Function* const found = map_.Find(address);
  if (found == nullptr) return std::nullopt;
  if (found->name == StringId{} && !ReadName(found)) return std::nullopt;
  return Function{found->name, found->start};
}

bool PerfMapFile::ReadName(PerfMap::Function* function) {
  buffer_.resize(function->name_bytes);
  if (file_ == nullptr ||
      file_->ReadAt(function->name_offset, buffer_.data(), buffer_.size()) != buffer_.size()) {
    return false;  // the file was cut
  }
  // What is there now may not be what was there when the line was read.
  function->name = strings_.Intern(std::string_view(buffer_).substr(0, buffer_.find('\n')));
  return function->name != StringId{};
}

void PerfMapFile::Clear() {
  path_.clear();
  file_.reset();
  identity_ = {};
  map_ = PerfMap();
}

// As the file was when it was last looked at: what has come since may be of the program that runs
// now, which called exec a while ago. Nothing, if the one before was not seen to have a map.
PerfMapFile::Leftover PerfMapFile::ReadLeftover() const {
  if (file_ == nullptr) return {};
  const uint64_t size = file_->size();
  return {identity_, size, ReadBefore(*file_, size, kEndBytes)};
}

uint64_t PerfMapFile::Beginning() const {
  const bool same = file_->identity() == leftover_.identity && file_->size() >= leftover_.size &&
                    ReadBefore(*file_, leftover_.size, kEndBytes) == leftover_.end;
  return same ? leftover_.size : 0;
}

void PerfMapFile::Forget() {
  leftover_ = ReadLeftover();
  Clear();
  look_again_ns_ = 0;
  process_.NoteExec();
}

}  // namespace lambent
