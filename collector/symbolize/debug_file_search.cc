// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/symbolize/debug_file_search.h"

#include <zlib.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "profiler/base/log.h"
#include "profiler/os/file_bytes.h"

namespace lambent::collector {
namespace {

using Opened = std::unique_ptr<DebugFile>;

// zlib's crc32, which .gnu_debuglink is made with.
uint32_t ChecksumOf(const os::FileBytes& file) {
  std::array<unsigned char, 65536> piece;
  uLong sum = crc32(0, nullptr, 0);
  for (uint64_t at = 0; at < file.size();) {
    const size_t got = file.ReadAt(at, piece.data(), piece.size());
    if (got == 0) break;
    sum = crc32(sum, piece.data(), static_cast<uInt>(got));
    at += got;
  }
  return static_cast<uint32_t>(sum);
}

// The ELF file at `path`, if its build id is this one. With neither a build id nor a match of
// `checksum`, when one is asked for, it is another's.
Opened OpenMatching(const std::string& path, const std::string& build_id, DebugFile::Room room,
                    std::optional<uint32_t> checksum = std::nullopt) {
  const auto bytes = os::OpenFileBytes(path);
  if (!bytes.ok()) return nullptr;
  if (build_id.empty() && checksum.has_value() && ChecksumOf(**bytes) != *checksum) return nullptr;
  absl::StatusOr<Opened> file = DebugFile::Read(**bytes, room);
  if (absl::IsResourceExhausted(file.status())) {
    Log(LogLevel::kWarn, absl::StrCat("symbolize: ", path, ": ", file.status().message()));
  }
  if (!file.ok() || (*file)->build_id() != build_id) return nullptr;
  return *std::move(file);
}

Opened OpenByBuildId(const DebugFileSearch& search, const std::string& build_id,
                     DebugFile::Room room) {
  for (const std::string& directory : search.debug_directories) {
    const std::string path = BuildIdPath(directory, build_id);
    if (path.empty()) return nullptr;
    Opened file = OpenMatching(path, build_id, room);
    if (file != nullptr && file->has_debug_info()) return file;
  }
  return nullptr;
}

// Where a debugger looks for a linked file: beside the module, in .debug beside it, and at the
// module's place below each debug directory.
std::vector<std::string> LinkedPaths(const DebugFileSearch& search, const std::string& root,
                                     const std::string& module_path, const std::string& name) {
  const std::string folder = module_path.substr(0, module_path.rfind('/'));
  std::vector<std::string> paths = {absl::StrCat(root, folder, "/", name),
                                    absl::StrCat(root, folder, "/.debug/", name)};
  for (const std::string& directory : search.debug_directories) {
    paths.push_back(absl::StrCat(directory, folder, "/", name));
  }
  return paths;
}

Opened OpenLinked(const DebugFileSearch& search, const std::string& root,
                  const std::string& module_path, const DebugFile& module, DebugFile::Room room) {
  const std::optional<DebugFile::Link> link = module.link();
  if (!link.has_value()) return nullptr;
  for (const std::string& path : LinkedPaths(search, root, module_path, link->name)) {
    Opened file = OpenMatching(path, module.build_id(), room, link->checksum);
    if (file != nullptr && file->has_debug_info()) return file;
  }
  return nullptr;
}

Opened OpenAny(const DebugFileSearch& search, const std::string& module_path,
               const std::string& build_id, DebugFile::Room room) {
  std::vector<std::pair<std::string, Opened>> stripped;  // by root
  for (const std::string& root : search.module_roots) {
    if (module_path.empty() || module_path[0] != '/') break;  // "[vdso]" and the like
    Opened file = OpenMatching(absl::StrCat(root, module_path), build_id, room);
    if (file == nullptr) continue;
    if (file->has_debug_info()) return file;
    stripped.emplace_back(root, std::move(file));
  }
  if (Opened file = OpenByBuildId(search, build_id, room)) return file;
  for (const auto& [root, module] : stripped) {
    if (Opened file = OpenLinked(search, root, module_path, *module, room)) return file;
  }
  return nullptr;
}

}  // namespace

std::string BuildIdPath(const std::string& directory, const std::string& build_id) {
  if (build_id.size() < 2) return "";
  const std::string hex = absl::BytesToHexString(build_id);
  return absl::StrCat(directory, "/.build-id/", hex.substr(0, 2), "/", hex.substr(2), ".debug");
}

absl::StatusOr<std::unique_ptr<DebugFile>> OpenDebugFile(const DebugFileSearch& search,
                                                         const std::string& module_path,
                                                         const std::string& build_id,
                                                         DebugFile::Room room) {
  Opened file = OpenAny(search, module_path, build_id, room);
  if (file == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("find debugging information of ", module_path, ": build id ",
                     build_id.empty() ? "unknown" : absl::BytesToHexString(build_id)));
  }
  if (const std::string shared_id = file->shared_build_id(); !shared_id.empty()) {
    // Without it some names are missing; the rest is right.
    if (Opened shared = OpenByBuildId(search, shared_id, room)) file->UseShared(std::move(shared));
  }
  return file;
}

}  // namespace lambent::collector
