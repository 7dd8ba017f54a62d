// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/module_table.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"

#include "profiler/target/elf_image.h"

namespace lambent {
namespace {

constexpr std::string_view kVdso = "[vdso]";
constexpr uint64_t kMaxVdsoBytes = 64 * 1024;

}  // namespace

ModuleTable::ModuleTable(os::ProcessFiles& files, os::RemoteMemory* memory)
    : files_(files), memory_(memory) {}

os::ReadResult ModuleTable::Refresh() {
  const os::ReadResult result = files_.ReadMaps(&next_text_);
  if (result != os::ReadResult::kOk) return result;
  // A process that is ending has no mappings left.
  if (next_text_.empty()) return os::ReadResult::kGone;
  if (next_text_ == text_) return os::ReadResult::kOk;
  std::swap(text_, next_text_);
  mappings_ = ParseMaps(text_);
  module_of_mapping_.assign(mappings_.size(), nullptr);
  for (size_t i = 0; i < mappings_.size(); ++i) {
    if (mappings_[i].executable) module_of_mapping_[i] = ModuleOf(mappings_[i]);
  }
  ++generation_;
  return os::ReadResult::kOk;
}

const Mapping* ModuleTable::FindMapping(uint64_t address) const {
  auto after =
      std::upper_bound(mappings_.begin(), mappings_.end(), address,
                       [](uint64_t a, const Mapping& mapping) { return a < mapping.start; });
  if (after == mappings_.begin()) return nullptr;
  const Mapping& mapping = *std::prev(after);
  return address < mapping.end ? &mapping : nullptr;
}

ModuleAddress ModuleTable::Find(uint64_t address) const {
  const Mapping* const mapping = FindMapping(address);
  if (mapping == nullptr) return {nullptr, address};
  const Module* const module = module_of_mapping_[static_cast<size_t>(mapping - mappings_.data())];
  return {module, module == nullptr ? address : address - module->bias};
}

const Module* ModuleTable::ModuleOf(const Mapping& mapping) {
  const bool vdso = mapping.path == kVdso;
  if (!vdso && (mapping.inode == 0 || mapping.path.empty() || mapping.path[0] != '/'))
    return nullptr;
  Module module;
  module.path = mapping.path;
  module.device = mapping.device;
  module.inode = mapping.inode;
  module.deleted = mapping.deleted;
  module.mapping_start = mapping.start;
  module.mapping_end = mapping.end;
  module.mapping_offset = mapping.offset;
  for (const Module& known : modules_) {  // the same mapping as before, in the usual case
    if (known.mapping_start == mapping.start && known.mapping_offset == mapping.offset &&
        known.inode == mapping.inode && known.device == mapping.device &&
        known.path == mapping.path) {
      return &known;
    }
  }
  // Without its headers, a file is taken to be laid out as it is mapped.
  module.bias = mapping.start - mapping.offset;
  if (auto file = Open(module); file.ok()) {
    if (auto image = ElfImage::Parse(**file); image.ok()) {
      module.bias = image->LoadBias(mapping.start, mapping.offset).value_or(module.bias);
      module.build_id = image->BuildId();
    }
  } else if (vdso) {
    return nullptr;
  }
  for (const Module& known : modules_) {  // another code segment of a module that is known
    if (known.bias == module.bias && known.inode == module.inode && known.device == module.device &&
        known.path == module.path && known.build_id == module.build_id) {
      return &known;
    }
  }
  if (modules_.size() >= kMaxModules) return nullptr;
  module.id = static_cast<ModuleId>(modules_.size() + 1);
  modules_.push_back(std::move(module));
  return &modules_.back();
}

absl::StatusOr<std::unique_ptr<os::FileBytes>> ModuleTable::Open(const Module& module) const {
  if (module.path == kVdso) return ReadVdso(module);
  // Inodes are not compared: on an overlay, maps and stat may show different ones. A file that was
  // replaced is marked as deleted in maps.
  if (module.deleted) return files_.OpenMapped(module.mapping_start, module.mapping_end);
  auto file = files_.OpenFile(module.path);
  if (file.ok()) return file;
  // Of a process below another root of our own file system, maps show paths from our root.
  auto mapped = files_.OpenMapped(module.mapping_start, module.mapping_end);
  return mapped.ok() ? std::move(mapped) : std::move(file);
}

absl::StatusOr<std::unique_ptr<os::FileBytes>> ModuleTable::ReadVdso(const Module& module) const {
  const uint64_t size = std::min(module.mapping_end - module.mapping_start, kMaxVdsoBytes);
  std::string bytes(static_cast<size_t>(size), '\0');
  if (memory_ == nullptr ||
      memory_->Read(module.mapping_start, bytes.data(), bytes.size()) != bytes.size()) {
    return absl::UnavailableError("reading the [vdso] out of the process: not readable");
  }
  return std::make_unique<os::MemoryFileBytes>(std::move(bytes));
}

}  // namespace lambent
