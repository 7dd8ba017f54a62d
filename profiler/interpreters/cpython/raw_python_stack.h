// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lambent::cpython {

// Most Python frames of one stack; those nearest the root are left out beyond it.
inline constexpr size_t kMaxFrames = 1024;

// What names a code object, read together with the stack it is on, and what tells it apart from
// another one that is later at the same address.
struct CodeHead {
  uint64_t address = 0;
  uint64_t name = 0;  // qualified where there is one
  uint64_t file_name = 0;
  uint64_t line_table = 0;
  uint32_t first_line = 0;
  uint32_t argument_count = 0;
  uint32_t flags = 0;

  friend bool operator==(const CodeHead&, const CodeHead&) = default;
};

// One Python frame as it was in memory.
struct RawFrame {
  uint64_t address = 0;
  uint32_t code = 0;  // index into RawPythonStack::codes
  bool entry =
      false;  // called by C code: one run of the evaluation loop ends here, towards the root
  // Bytes from its first instruction to the one it executes; below 0: it has not begun; kNowhere:
  // not known.
  static constexpr int32_t kNowhere = INT32_MAX;
  int32_t instruction = kNowhere;

  // Of the stack: a thread goes from one instruction to the next all the time.
  friend bool operator==(const RawFrame& a, const RawFrame& b) {
    return a.address == b.address && a.code == b.code && a.entry == b.entry;
  }
};

// A thread's Python frames, leaf first, copied but not yet named. Reused between captures so that
// capturing allocates nothing once warm. Equality is that of the stacks: two copies taken one after
// the other that differ were taken of a thread that ran meanwhile.
struct RawPythonStack {
  std::vector<RawFrame> frames;
  std::vector<CodeHead> codes;  // each once
  bool truncated = false;       // frames nearest the root are missing
  int64_t interpreter = 0;      // the number of its interpreter; 0: the main one, or not known
  uint64_t gil = 0;             // address of its interpreter's global lock; 0: not known
  bool holds_gil = false;       // the thread held that lock, for certain

  void Clear() {
    frames.clear();
    codes.clear();
    truncated = false;
    interpreter = 0;
    gil = 0;
    holds_gil = false;
  }
  friend bool operator==(const RawPythonStack&, const RawPythonStack&) = default;
};

// Whether two copies hold the same calls: the same stack, and every frame but the leaf at the same
// instruction. A caller stands at its call for as long as it lasts. A copy of a thread that ran
// meanwhile may show, below a frame that has only begun, what the memory there held before: then
// that frame goes on from one instruction to the next. Pure.
inline bool SameCalls(const RawPythonStack& a, const RawPythonStack& b) {
  if (!(a == b)) return false;
  for (size_t i = 1; i < a.frames.size(); ++i) {
    if (a.frames[i].instruction != b.frames[i].instruction) return false;
  }
  return true;
}

}  // namespace lambent::cpython
