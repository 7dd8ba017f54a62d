// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/symbolize/symbolizer.h"

#include <utility>

#include "absl/status/status.h"

namespace lambent::collector {
namespace {

// Of max_bytes_ that answers may take: files are worth more.
constexpr size_t kAnswersShare = 4;

size_t BytesOf(const absl::StatusOr<SourceFrames>& answer) {
  size_t bytes = sizeof(answer) + 64;  // of the map's node
  if (!answer.ok()) return bytes + answer.status().message().size();
  bytes += answer->capacity() * sizeof(SourceFrame);
  for (const SourceFrame& frame : *answer) {
    bytes += frame.function.capacity() + frame.file.capacity() + frame.decl_file.capacity();
  }
  return bytes;
}

}  // namespace

absl::StatusOr<SourceFrames> Symbolizer::Find(const std::string& module_path,
                                              const std::string& build_id, uint64_t address) {
  absl::MutexLock lock(&mutex_);
  if (modules_.size() >= kMaxModules || answers_ >= kMaxAnswers ||
      answer_bytes_ >= max_bytes_ / kAnswersShare) {
    modules_.clear();
    answers_ = answer_bytes_ = file_bytes_ = 0;
  }
  Module& module = ModuleOf(module_path, build_id);
  module.asked = ++questions_;
  if (const auto known = module.answers.find(address); known != module.answers.end()) {
    return known->second;
  }
  const bool was_open = module.file != nullptr;
  if (absl::Status opened = Open(module_path, build_id, module); !opened.ok()) return opened;
  absl::StatusOr<SourceFrames> answer = Ask(module, address);
  if (!MakeRoom(0, module)) {
    Close(module);
    // Not even one question fits: the file would be read again for each.
    module.missing = !was_open;
  }
  return answer;
}

Symbolizer::Module& Symbolizer::ModuleOf(const std::string& path, const std::string& build_id) {
  std::unique_ptr<Module>& module = modules_[{path, build_id}];
  if (module == nullptr) {
    module = std::make_unique<Module>();
    answer_bytes_ += sizeof(Module) + 2 * sizeof(std::string) + path.size() + build_id.size();
  }
  return *module;
}

absl::Status Symbolizer::Open(const std::string& path, const std::string& build_id,
                              Module& module) {
  if (module.file != nullptr) return absl::OkStatus();
  if (module.missing) return absl::NotFoundError("find debugging information: none was there");
  uint64_t taken = 0;
  absl::StatusOr<std::unique_ptr<DebugFile>> file =
      OpenDebugFile(search_, path, build_id, [&](uint64_t more) {
        mutex_.AssertHeld();
        if (more > max_bytes_ || !MakeRoom(taken + more, module)) return false;
        taken += more;
        return true;
      });
  module.missing = !file.ok();
  if (!file.ok()) return file.status();
  module.file = *std::move(file);
  file_bytes_ += module.file->bytes();
  return absl::OkStatus();
}

absl::StatusOr<SourceFrames> Symbolizer::Ask(Module& module, uint64_t address) {
  const size_t before = module.file->bytes();
  absl::StatusOr<SourceFrames> answer = module.file->Find(address);
  file_bytes_ += module.file->bytes() - before;
  ++answers_;
  answer_bytes_ += BytesOf(answer);
  module.answers.emplace(address, answer);
  return answer;
}

bool Symbolizer::MakeRoom(uint64_t more, const Module& kept) {
  while (file_bytes_ + answer_bytes_ + more > max_bytes_) {
    Module* oldest = nullptr;
    for (const auto& [key, module] : modules_) {
      if (module->file == nullptr || module.get() == &kept) continue;
      if (oldest == nullptr || module->asked < oldest->asked) oldest = module.get();
    }
    if (oldest == nullptr) return false;
    Close(*oldest);
  }
  return true;
}

void Symbolizer::Close(Module& module) {
  file_bytes_ -= module.file->bytes();
  module.file = nullptr;
}

void Symbolizer::LookAgain() {
  absl::MutexLock lock(&mutex_);
  for (const auto& [key, module] : modules_) module->missing = false;
}

size_t Symbolizer::bytes() {
  absl::MutexLock lock(&mutex_);
  return file_bytes_ + answer_bytes_;
}

}  // namespace lambent::collector
