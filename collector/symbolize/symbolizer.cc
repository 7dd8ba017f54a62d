// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/symbolize/symbolizer.h"

#include <utility>

#include "absl/status/status.h"

namespace lambent::collector {

absl::StatusOr<SourceFrames> Symbolizer::Find(const std::string& module_path,
                                              const std::string& build_id, uint64_t address) {
  absl::MutexLock lock(&mutex_);
  if (modules_.size() >= kMaxModules || answers_ >= kMaxAnswers) {
    modules_.clear();
    answers_ = 0;
  }
  std::unique_ptr<Module>& module = modules_[{module_path, build_id}];
  if (module == nullptr) module = std::make_unique<Module>();
  module->asked = ++questions_;
  if (const auto known = module->answers.find(address); known != module->answers.end()) {
    return known->second;
  }
  if (absl::Status opened = Open(module_path, build_id, *module); !opened.ok()) return opened;
  ++answers_;
  return module->answers.emplace(address, module->file->Find(address)).first->second;
}

absl::Status Symbolizer::Open(const std::string& path, const std::string& build_id,
                              Module& module) {
  if (module.file != nullptr) return absl::OkStatus();
  if (module.missing) return absl::NotFoundError("find debugging information: none was there");
  absl::StatusOr<std::unique_ptr<DebugFile>> file = OpenDebugFile(search_, path, build_id);
  module.missing = !file.ok();
  if (!file.ok()) return file.status();
  module.file = *std::move(file);
  MakeRoom(module);
  return absl::OkStatus();
}

void Symbolizer::MakeRoom(const Module& kept) {
  for (;;) {
    size_t bytes = 0;
    Module* oldest = nullptr;
    for (const auto& [key, module] : modules_) {
      if (module->file == nullptr) continue;
      bytes += module->file->bytes();
      if (module.get() != &kept && (oldest == nullptr || module->asked < oldest->asked)) {
        oldest = module.get();
      }
    }
    if (bytes <= kMaxOpenBytes || oldest == nullptr) return;
    oldest->file = nullptr;
  }
}

void Symbolizer::LookAgain() {
  absl::MutexLock lock(&mutex_);
  for (const auto& [key, module] : modules_) module->missing = false;
}

}  // namespace lambent::collector
