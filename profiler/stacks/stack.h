// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "profiler/base/frame_kind.h"
#include "profiler/base/string_table.h"
#include "profiler/target/module_id.h"

namespace lambent {

// One frame of a captured stack, before aggregation.
//  native:    module and address (as the module's ELF file numbers it); no name yet. In generated
//             code: name and start of the function; no module.
//  python:    name, file and first line of the function; the line it executes if lines are wanted
//             (0: it has none); no module.
//  waiting:   of a system call, `address` is what waiting_frame.h puts there; nothing else is set.
//  truncated: nothing else is set; callers beyond it are missing.
//  internal:  a native frame of the interpreter's own code, among interpreted frames.
//  unknown:   module and address as far as known (module 0: an absolute address outside any file).
struct Frame {
  FrameKind kind = FrameKind::kUnknown;
  StringId name{};
  StringId file{};
  uint32_t line = 0;
  uint32_t current_line = 0;
  ModuleId module{};
  uint64_t address = 0;
  bool internal = false;

  friend bool operator==(const Frame&, const Frame&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Frame& f) {
    return H::combine(std::move(h), f.kind, f.name, f.file, f.line, f.current_line, f.module,
                      f.address, f.internal);
  }
};

// Most frames of a stack that are kept. Beyond it those nearest the root go, and one frame more,
// kTruncated, says so.
inline constexpr size_t kMaxStackDepth = 1024;

// Frames from leaf to root. Reused between samples so that steady sampling allocates nothing.
using Stack = std::vector<Frame>;

// Cuts a stack that grew beyond the limit back to it.
inline void LimitDepth(Stack* stack) {
  const bool is_cut = !stack->empty() && stack->back().kind == FrameKind::kTruncated;
  if (stack->size() <= kMaxStackDepth + (is_cut ? 1 : 0)) return;
  stack->resize(kMaxStackDepth);
  stack->push_back({.kind = FrameKind::kTruncated});
}

}  // namespace lambent
