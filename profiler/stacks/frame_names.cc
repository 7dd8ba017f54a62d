// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/frame_names.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"

#include "profiler/interpreters/cpython/call_machinery.h"
#include "profiler/stacks/waiting_frame.h"

namespace lambent {
namespace {

// Addresses of one module remembered as seen; beyond it they are looked up one by one.
constexpr size_t kMaxSeen = 65536;

}  // namespace

void FrameNames::Expect(Stack* stack) {
  generated_.Name(stack);
  for (const Frame& frame : *stack) {
    if (frame.kind != FrameKind::kNative || frame.module == ModuleId{}) continue;
    std::unique_ptr<Symbols>& symbols = symbols_[static_cast<uint32_t>(frame.module)];
    if (symbols == nullptr) symbols = std::make_unique<Symbols>();
    if (symbols->seen.size() >= kMaxSeen) continue;
    if (symbols->seen.insert(frame.address).second) symbols->expected.push_back(frame.address);
  }
}

std::unique_ptr<SymbolIndex> FrameNames::OpenSymbols(const Module& module) {
  if (files_ != nullptr) files_->Add(process_.pid(), module);
  auto file = OpenFile(module);
  if (!file.ok()) return nullptr;
  auto index = SymbolIndex::Create(*std::move(file), &mini_debug_info_);
  return index.ok() ? *std::move(index) : nullptr;
}

absl::StatusOr<std::unique_ptr<os::FileBytes>> FrameNames::OpenFile(const Module& module) const {
  const auto is_it = [&module](const absl::StatusOr<std::unique_ptr<os::FileBytes>>& file) {
    return file.ok() && (module.build_id.empty() || HasBuildId(**file, module.build_id));
  };
  auto file = modules_.Open(module);
  // The process may have ended: where we see the same files, its modules are still there.
  if (!is_it(file) && !module.build_id.empty()) file = os::OpenFileBytes(module.path);
  if (file.ok() && !is_it(file)) return absl::NotFoundError("open a module: another has its path");
  return file;
}

FunctionSymbol FrameNames::FindSymbol(const Frame& frame) {
  std::unique_ptr<Symbols>& symbols = symbols_[static_cast<uint32_t>(frame.module)];
  if (symbols == nullptr) symbols = std::make_unique<Symbols>();
  if (!symbols->opened) {
    symbols->opened = true;
    symbols->index = OpenSymbols(modules_.Get(frame.module));
  }
  if (symbols->index == nullptr) return {};
  symbols->index->Prepare(symbols->expected);
  symbols->expected.clear();
  return symbols->index->Find(frame.address);
}

FrameDescription FrameNames::Describe(const Frame& frame) {
  FrameDescription description;
  description.kind = frame.kind;
  if (IsWaiting(frame.kind)) {
    description.name = strings_.Get(strings_.Intern(WaitingName(frame)));
    return description;
  }
  description.name = strings_.Get(frame.name);
  description.file = strings_.Get(frame.file);
  description.line = frame.line;
  description.current_line = frame.current_line;
  description.address = frame.address;
  description.hidden = frame.internal;
  if (frame.kind != FrameKind::kNative || frame.module == ModuleId{}) return description;
  const Module& module = modules_.Get(frame.module);
  description.module_path = module.path;
  description.module_build_id = module.build_id;
  if (code_addresses_) description.code_address = frame.address;
  const FunctionSymbol symbol = FindSymbol(frame);
  if (!symbol.name.empty()) {
    description.name = symbol.name;
    description.address = symbol.start;
  } else if (const auto start = functions_.Find(module, frame.address)) {
    // One frame a function. Where its rules are those of several, none whose edge is known is taken
    // for the one before.
    description.address = std::max(*start, symbol.start);
  }
  // Only what is known to say nothing: a static function of a stripped interpreter has no name here
  // and may be any, sorted() as well as what called it.
  description.hidden = frame.internal && cpython::IsCallMachinery(symbol.name);
  return description;
}

}  // namespace lambent
