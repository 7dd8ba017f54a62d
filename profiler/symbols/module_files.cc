// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/module_files.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "profiler/target/elf_image.h"

namespace lambent {

bool HasBuildId(const os::FileBytes& file, const std::string& build_id) {
  const absl::StatusOr<ElfImage> image = ElfImage::Parse(file);
  return image.ok() && image->BuildId() == build_id;
}

void ModuleFiles::Add(int32_t pid, const Module& module) {
  if (module.build_id.empty() || module.path.empty() || module.path[0] != '/') return;
  absl::MutexLock lock(&mutex_);
  if (places_.size() >= kMaxModules) return;
  places_.try_emplace(module.build_id,
                      Place{pid, module.path, module.mapping_start, module.mapping_end});
}

absl::StatusOr<std::unique_ptr<os::FileBytes>> ModuleFiles::Open(const std::string& build_id) {
  Place place;
  std::unique_ptr<os::ProcessFiles> process;
  {
    absl::MutexLock lock(&mutex_);
    const auto known = places_.find(build_id);
    if (known == places_.end()) return absl::NotFoundError("open a module: it was not seen here");
    place = known->second;
    process = proc_->OpenProcess(place.pid);
  }
  auto file = process->OpenFile(place.path);
  if (file.ok() && HasBuildId(**file, build_id)) return file;
  file = process->OpenMapped(place.mapping_start, place.mapping_end);
  if (file.ok() && HasBuildId(**file, build_id)) return file;
  file = os::OpenFileBytes(place.path);  // its process has ended
  if (file.ok() && HasBuildId(**file, build_id)) return file;
  return absl::NotFoundError(absl::StrCat("open ", place.path, ": it is gone or another file"));
}

}  // namespace lambent
