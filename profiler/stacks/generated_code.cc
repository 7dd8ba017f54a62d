// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/generated_code.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace lambent {
namespace {

// What CPython calls the trampoline of a Python function (-X perf): beside the function's own frame
// it tells nothing.
constexpr std::string_view kPythonTrampoline = "py::";

}  // namespace

std::optional<uint64_t> GeneratedCode::AddressOf(const Frame& frame) const {
  if (frame.module == ModuleId{}) {
    const bool may_be = frame.kind == FrameKind::kUnknown && frame.address != 0;
    return may_be ? std::optional(frame.address) : std::nullopt;
  }
  const Module& module = modules_.Get(frame.module);
  if (!module.build_id.empty()) return std::nullopt;
  return frame.address + module.bias;
}

void GeneratedCode::Name(Stack* stack) {
  bool interpreted = false;
  for (Frame& frame : *stack) {
    interpreted = interpreted || frame.kind == FrameKind::kPython;
    const std::optional<uint64_t> address = AddressOf(frame);
    if (!address.has_value()) continue;
    if (!is_fresh_) map_.Refresh(now_ns_);
    is_fresh_ = true;
    const std::optional<PerfMapFile::Function> function = map_.Find(*address);
    if (!function.has_value()) continue;
    const std::string_view name = strings_.Get(function->name);
    frame = {.kind = FrameKind::kNative,
             .name = function->name,
             .address = function->start,
             .internal = name.substr(0, kPythonTrampoline.size()) == kPythonTrampoline};
  }
  if (interpreted) return;
  for (Frame& frame : *stack) {  // without the Python frames, trampolines are all there is
    if (frame.module == ModuleId{} && frame.name != StringId{}) frame.internal = false;
  }
}

}  // namespace lambent
